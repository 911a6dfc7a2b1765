"""Texts that a row holds in three languages."""

from django.utils.translation import get_language


def localized(row: object, text: str = "name") -> str:
    """The name of a row with name_zh_hans, name_zh_hant and name_en, or another text of it, in the language of the
    page; Simplified Chinese where a translation is missing."""
    language = (get_language() or "zh-hans").replace("-", "_")
    return str(getattr(row, f"{text}_{language}", "") or getattr(row, f"{text}_zh_hans"))
