"""The frame of every page: sign-in, navigation by role, language, the policy against inline code."""

import html
import re
from collections.abc import Callable

from django.test import Client

from crm.organization.models import User
from tests.world import PASSWORD, Bank

ClientOf = Callable[[User], Client]
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son[a-z]+=")


def test_a_stranger_is_led_to_sign_in_and_then_to_the_page(bank: Bank) -> None:
    client = Client()
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/"
    page = client.get("/login/").content.decode()
    assert 'name="username"' in page
    assert not INLINE.search(page)
    signed_in = client.post("/login/", {"username": "1001", "password": PASSWORD, "next": "/"})
    assert signed_in.status_code == 302
    assert signed_in["Location"] == "/"


def test_a_wrong_password_says_so_without_saying_which_part_was_wrong(bank: Bank) -> None:
    for staff_no in ("1001", "9999"):
        page = Client().post("/login/", {"username": staff_no, "password": "wrong"}).content.decode()
        assert 'role="alert"' in page
        assert "wrong" not in page.split("gate-card")[1].split("username")[1][:400]


def test_navigation_follows_the_role(bank: Bank, client_of: ClientOf) -> None:
    wang = client_of(bank.wang).get("/").content.decode()
    assert 'role="search"' in wang
    assert "/admin/" not in wang
    lu = client_of(bank.lu).get("/password/").content.decode()
    assert "/admin/" in lu
    assert 'role="search"' not in lu


def test_pages_without_an_entry_of_their_own_show_the_one_they_belong_to(bank: Bank, client_of: ClientOf) -> None:
    current = re.compile(r'<a href="([^"]+)"[^>]*aria-current="page"')
    for user, path, entry in (
        (bank.he, "/archives/quality/", "/archives/inspections/"),
        (bank.he, "/archives/register/", "/archives/inspections/"),
        (bank.he, "/gifts/", "/archives/inspections/"),
        (bank.lu, "/archives/templates/", "/admin/"),
    ):
        rail = client_of(user).get(path).content.decode().split('class="app-nav"')[1].split("</nav>")[0]
        assert current.findall(rail) == [entry], path


def test_the_language_of_the_page_can_be_changed(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    assert '<html lang="zh-hans"' in client.get("/").content.decode()
    client.post("/language/", {"language": "en", "next": "/"})
    page = client.get("/").content.decode()
    assert '<html lang="en"' in page
    assert "<h1>Today</h1>" in page


def test_the_language_of_the_sign_in_page_keeps_where_one_was_going(bank: Bank) -> None:
    target = "/customers/?tier=4&after=a%20b"
    client = Client()
    page = client.get("/login/", {"next": target}).content.decode()
    kept = html.unescape(re.findall(r'name="next" value="([^"]*)"', page.split("languages")[1])[0])
    back = client.post("/language/", {"language": "en", "next": kept})["Location"]
    page = client.get(back).content.decode()
    assert '<html lang="en"' in page
    assert f'name="next" value="{html.escape(target)}"' in page


def test_theme_and_density_stay_with_the_browser(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    page = client.get("/").content.decode()
    assert 'data-theme="system" data-density="comfortable"' in page
    assert 'media="screen and (prefers-color-scheme: dark)"' in page
    answer = client.post("/display/", {"theme": "dark", "next": "/customers/"})
    assert answer["Location"] == "/customers/"
    assert answer.cookies["theme"]["httponly"]
    client.post("/display/", {"density": "compact"})
    page = client.get("/").content.decode()
    assert 'data-theme="dark" data-density="compact"' in page
    assert re.search(r'css/dark[^"]*\.css" media="screen">', page)
    client.post("/display/", {"theme": "light", "next": "no address"})  # which is neither a page nor the name of one
    assert "css/dark" not in client.get("/").content.decode()
    client.post("/logout/")
    assert 'data-theme="light" data-density="compact"' in client.get("/login/").content.decode()


def test_a_theme_that_does_not_exist_and_a_foreign_address_change_nothing(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    answer = client.post("/display/", {"theme": "pink", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    assert "theme" not in answer.cookies
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/").content.decode()
