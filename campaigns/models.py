"""The models of all parts of this app, so that Django finds them."""

from campaigns.retention.models import Maturity, RetentionFigure

__all__ = ["Maturity", "RetentionFigure"]
