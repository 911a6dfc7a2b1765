"""Names that a row holds in three languages."""

from typing import Protocol

from django.utils.translation import get_language


class Named(Protocol):
    """A row with name_zh_hans, name_zh_hant and name_en."""

    name_zh_hans: str


def localized(row: Named) -> str:
    """The name in the language of the page, Simplified Chinese where a translation is missing."""
    language = (get_language() or "zh-hans").replace("-", "_")
    return getattr(row, f"name_{language}", "") or row.name_zh_hans
