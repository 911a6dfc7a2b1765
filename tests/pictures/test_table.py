"""No page is forgotten when pictures are taken."""

import string

from django.urls import Resolver404, resolve

from tests.pictures.bank import THINGS
from tests.pictures.table import PICTURES, reason_without
from tests.security.policy import policy


def named(path: str) -> str:
    """The URL name of a picture's path; "" for a page that is not there."""
    try:
        return resolve(path.partition("?")[0].format_map(dict.fromkeys(THINGS, 1))).view_name
    except Resolver404:
        return ""


def test_every_page_has_a_picture_or_a_reason_why_not() -> None:
    taken = {named(picture.path) for picture in PICTURES}
    pages = {name for name, page in policy().items() if "GET" in page.methods}
    assert {name for name in pages if name not in taken and not reason_without(name)} == set()
    assert taken - pages == {""}


def test_the_table_holds_together() -> None:
    names = [picture.name for picture in PICTURES]
    assert len(set(names)) == len(names)
    things = {name for picture in PICTURES for _text, name, _format, _how in string.Formatter().parse(picture.path)}
    assert {name for name in things if name} == set(THINGS)
