"""The pages of drafts: one person changes and simulates, another decides; figures are of the scope of the reader."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from crm.organization.models import User
from segments import schemes, simulation
from segments.models import SchemeSimulation, TierScheme
from tests.nightly.night_world import Book
from tests.segments.test_simulation import DAY, by_tier
from tests.segments.test_simulation import book as book
from tests.world import Bank

ClientOf = Callable[[User], Client]


def new_draft(client: Client, code: str = "five_point") -> TierScheme:
    answer = client.post("/tiers/drafts/new/", {"scheme": code})
    return TierScheme.objects.get(pk=int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]))


def fields(scheme: TierScheme, **changed: Any) -> dict[str, Any]:
    """What the form of a draft sends."""
    bands = {f"lower_{band.rank}": band.lower for band in scheme.tiers.order_by("rank")[1:]}
    return {
        "metric": scheme.metric, "promotion": scheme.promotion, "watch_after_months": scheme.watch_after_months,
        "downgrade_after_months": scheme.downgrade_after_months, "downgrade_to": scheme.downgrade_to,
        "effective_from": (DAY + timedelta(days=1)).isoformat(), "note": "", **bands, **changed,
    }  # fmt: skip


def simulate(client: Client, scheme: TierScheme, **changed: Any) -> SchemeSimulation:
    answer = client.post(f"/tiers/drafts/{scheme.pk}/", fields(scheme, **changed))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    one = SchemeSimulation.objects.get(scheme=scheme, state="running")
    assert "Being simulated" in english(client, f"/tiers/drafts/{scheme.pk}/")
    assert "every 2s" in english(client, f"/tiers/drafts/{scheme.pk}/progress/")
    assert simulation.run(one.pk) == "ready"
    assert client.get(f"/tiers/drafts/{scheme.pk}/progress/").headers["HX-Refresh"] == "true"
    one.refresh_from_db()
    return one


def english(client: Client, address: str) -> str:
    return client.get(address, headers={"accept-language": "en"}).content.decode()


def decide(client: Client, scheme: TierScheme, do: str, **more: str) -> int:
    """As the form of the page does, which names the simulation that it shows."""
    shown = SchemeSimulation.objects.filter(scheme=scheme).order_by("-pk").values_list("pk", flat=True).first() or ""
    return client.post(f"/tiers/drafts/{scheme.pk}/decide/", {"simulation": shown, "do": do, **more}).status_code


def verdict(client: Client, scheme: TierScheme) -> Any:
    return client.get(f"/tiers/drafts/{scheme.pk}/").context["verdict"]


def test_from_a_draft_to_its_release(book: Book, client_of: ClientOf) -> None:
    bank = book.bank
    author, second = client_of(bank.zhou), client_of(bank.lu)
    scheme = new_draft(author)
    one = simulate(author, scheme, lower_3="40000", lower_4="150000")
    told = verdict(author, scheme)
    assert {row.rank: (row.then.customers, row.then.aum) for row in told.tiers if row.then.customers} == by_tier(
        one, "new"
    )
    assert told.total.customers == told.total.aum == 0
    assert (told.moved, len(told.movers)) == (2, 2)
    assert decide(author, scheme, "submit") == 302
    assert decide(author, scheme, "approve") == 302
    one.refresh_from_db()
    assert one.state == "submitted"
    seen = verdict(second, scheme)
    assert (seen.tiers, seen.moves, seen.loads) == (told.tiers, told.moves, told.loads)
    assert seen.movers == []
    assert "客*" not in second.get(f"/tiers/drafts/{scheme.pk}/").content.decode()
    assert decide(second, scheme, "approve") == 302
    scheme.refresh_from_db()
    assert (scheme.is_released, scheme.effective_from) == (True, DAY + timedelta(days=1))
    refused = author.post(f"/tiers/drafts/{scheme.pk}/", fields(scheme))
    assert refused.status_code == 200


def test_sent_back_it_can_be_changed_and_simulated_again(book: Book, client_of: ClientOf) -> None:
    author, second = client_of(book.bank.lu), client_of(book.bank.zhou)
    scheme = new_draft(author)
    simulate(author, scheme, lower_3="40000")
    decide(author, scheme, "submit")
    decide(second, scheme, "refuse", why="太多电话")
    assert "太多电话" in author.get(f"/tiers/drafts/{scheme.pk}/").content.decode()
    simulate(author, scheme, lower_3="45000")
    decide(author, scheme, "submit")
    decide(author, scheme, "withdraw")
    assert SchemeSimulation.objects.filter(scheme=scheme).latest("pk").state == "ready"


def test_a_manager_of_a_branch_reads_their_part_and_changes_nothing(book: Book, client_of: ClientOf) -> None:
    bank = book.bank
    scheme = new_draft(client_of(bank.zhou))
    simulate(client_of(bank.zhou), scheme, lower_3="40000")
    own, whole, far = (client_of(who) for who in (bank.he, bank.zhou, bank.sun))
    assert verdict(own, scheme).tiers == verdict(whole, scheme).tiers == verdict(far, scheme).tiers
    bank.far.refresh_from_db()
    stranger = User.objects.create_user(
        staff_no="2100", password="x" * 12, name="邹海", role="branch_manager", branch_id=bank.far.pk, reach="branch"
    )
    nothing = verdict(client_of(stranger), scheme)
    assert (list(nothing.tiers), nothing.movers, nothing.loads) == ([], [], [])
    for client in (own, client_of(stranger)):
        assert client.post("/tiers/drafts/new/", {"scheme": "five"}).status_code == 403
        assert decide(client, scheme, "submit") == 403
        client.post(f"/tiers/drafts/{scheme.pk}/", fields(scheme, lower_3="30000"))
    assert scheme.tiers.get(rank=3).lower == 40_000


@pytest.mark.parametrize(
    "changed", [{"lower_3": "1"}, {"lower_2": ""}, {"lower_2": "NaN"}, {"metric": "gold"}, {"watch_after_months": "99"}]
)
def test_bands_that_do_not_follow_one_another_are_told(
    book: Book, client_of: ClientOf, changed: dict[str, str]
) -> None:
    client = client_of(book.bank.zhou)
    scheme = new_draft(client)
    answer = client.post(f"/tiers/drafts/{scheme.pk}/", fields(scheme, **changed))
    assert answer.status_code in (200, 422)
    assert not SchemeSimulation.objects.exists()
    assert schemes.is_fixed(scheme) is False


def test_the_list_shows_what_waits(book: Book, client_of: ClientOf) -> None:
    client = client_of(book.bank.zhou)
    scheme = new_draft(client)
    simulate(client, scheme, lower_3="40000")
    drafts = {one.scheme: one.latest for one in client.get("/tiers/drafts/").context["drafts"]}
    assert drafts.pop(scheme).state == "ready"
    # Beside it the shipped schemes, which nobody has simulated yet.
    assert drafts and all(one is None for one in drafts.values())


def test_administrators_begin_with_the_drafts(bank: Bank, client_of: ClientOf) -> None:
    assert client_of(bank.lu).get("/tiers/").headers["Location"] == "/tiers/drafts/"
    assert client_of(bank.wang).get("/tiers/").headers["Location"] == "/tiers/moves/"


def test_nobody_approves_figures_that_they_have_not_seen(book: Book, client_of: ClientOf) -> None:
    """The author takes the proposal back, changes it and leaves another one while the second person still reads."""
    author, second = client_of(book.bank.zhou), client_of(book.bank.lu)
    scheme = new_draft(author)
    one = simulate(author, scheme, lower_3="40000")
    decide(author, scheme, "submit")
    shown = second.get(f"/tiers/drafts/{scheme.pk}/").content.decode()
    assert f'name="simulation" value="{one.pk}"' in shown
    decide(author, scheme, "withdraw")
    other = simulate(author, scheme, lower_3="90000")
    decide(author, scheme, "submit")
    answer = second.post(
        f"/tiers/drafts/{scheme.pk}/decide/", {"do": "approve", "simulation": str(one.pk)}, follow=True
    )
    assert [str(told.level_tag) for told in answer.context["messages"]] == ["warning"]
    other.refresh_from_db()
    scheme.refresh_from_db()
    assert (other.state, scheme.is_released) == ("submitted", False)
    decide(second, scheme, "approve", simulation=str(other.pk))
    scheme.refresh_from_db()
    assert scheme.is_released


def test_the_page_says_that_a_night_has_come_in_between(book: Book, client_of: ClientOf) -> None:
    author, second = client_of(book.bank.zhou), client_of(book.bank.lu)
    scheme = new_draft(author)
    simulate(author, scheme, lower_3="40000")
    decide(author, scheme, "submit")
    book.night(DAY + timedelta(days=1))
    told = "A night was published meanwhile; simulate again."
    assert told in english(second, f"/tiers/drafts/{scheme.pk}/")
    decide(second, scheme, "approve")
    scheme.refresh_from_db()
    assert not scheme.is_released
    decide(author, scheme, "withdraw")
    simulate(author, scheme, lower_3="40000")
    decide(author, scheme, "submit")
    decide(second, scheme, "approve")
    scheme.refresh_from_db()
    assert scheme.is_released
    page = english(author, f"/tiers/drafts/{scheme.pk}/")
    assert told not in page and "changed since" not in page
