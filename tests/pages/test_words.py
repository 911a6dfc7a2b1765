"""Chinese words on the pages that Django draws: no English left over, and none of Django's own taken away."""

from pathlib import Path
from typing import Any

import django
import polib
import pytest
from django.contrib import admin
from django.utils.translation import gettext, override

from crm.embedded.translations import compile_file, po_files

CHECKOUT = Path(__file__).resolve().parents[2]
# Ours say the same as Django's, in the words of the product.
SAME_MEANING = {"Today", "today", "tomorrow", "name", "active", "English", "File", "checksum", ", "}


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_no_message_changes_what_django_says(language: str) -> None:
    ours = {
        entry.msgid: entry.msgstr
        for path in po_files(CHECKOUT)
        if path.parent.parent.name == language
        for entry in polib.pofile(str(path))
        if not entry.msgctxt
    }
    theirs = {
        entry.msgid: entry.msgstr
        for path in Path(django.__file__).parent.glob(f"**/{language}/LC_MESSAGES/django.po")
        if "humanize" not in path.parts
        for entry in polib.pofile(str(path))
        if entry.msgstr and not entry.msgctxt
    }
    assert {"Change", "Save", "Home"} <= theirs.keys()
    changed = {text for text in ours.keys() & theirs.keys() if ours[text] != theirs[text]}
    assert changed <= SAME_MEANING, {text: (ours[text], theirs[text]) for text in changed - SAME_MEANING}


def test_the_settings_pages_name_everything_in_chinese() -> None:
    for path in po_files(CHECKOUT):
        compile_file(path)
    with override("zh-hans"):
        for page in admin.site._registry.values():
            for part in (page, *page.inlines):
                model, fields = part.model, shown(part)
                assert "object (" not in str(model()), model
                names = [model._meta.verbose_name, model._meta.verbose_name_plural, model._meta.app_config.verbose_name]
                names += [field.verbose_name for field in fields]
                assert [name for name in names if str(name).isascii()] == [], model
        assert gettext("Change") == "修改"


def shown(part: Any) -> list[Any]:
    """The fields that a settings page, or a table in it, may show: not the key, nor what only the code writes."""
    is_table = issubclass(part, admin.TabularInline) if isinstance(part, type) else False
    return [
        field
        for field in part.model._meta.concrete_fields
        if (field.name in part.fields if part.fields else field.editable)
        and not (field.primary_key or (is_table and field.is_relation))
    ]
