"""Texts that a row holds in three languages."""

from collections.abc import Mapping

from django.utils.translation import get_language


def localized(row: object, text: str = "name") -> str:
    """The name of a row (or the mapping of one) with name_zh_hans, name_zh_hant and name_en, or another text of it, in
    the language of the page; Simplified Chinese where a translation is missing."""
    language = (get_language() or "zh-hans").replace("-", "_")

    def told(name: str) -> object:
        return row.get(name) if isinstance(row, Mapping) else getattr(row, name, "")

    return str(told(f"{text}_{language}") or told(f"{text}_zh_hans"))
