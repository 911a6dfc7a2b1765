"""The models of all parts of this app, so that Django finds them."""

from campaigns.prospects.models import LobbyRule, LobbyShift, Presence, Prospect, ProspectStep, Referral
from campaigns.retention.models import Maturity, RetentionFigure

__all__ = [
    "LobbyRule",
    "LobbyShift",
    "Maturity",
    "Presence",
    "Prospect",
    "ProspectStep",
    "Referral",
    "RetentionFigure",
]
