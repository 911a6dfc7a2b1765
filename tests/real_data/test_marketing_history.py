"""Real calls of a bank come in as history: a campaign with its members, every contact with what came of it.

The file tells the day of a client's last contact alone. The ones before it are put on the days before, as not reached:
had one been answered with yes, there would have been no further one. What the file calls the channel is kept in the
words of the contact, as both of its channels are telephones.
"""

import csv
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from archives.models import ContactLog
from campaigns.models import Campaign, CampaignMember
from crm import db
from customers.feeds import load
from tests.campaigns import campaign_world
from tests.real_data.marketing import Client, clients
from tests.world import Bank

pytestmark = pytest.mark.timeout(900)

SOURCE, EARLIER = "2008", "earlier"
CLIENTS, CONTACTS = 45_211, 124_956
HEADER = [
    "source", "source_no", "staff_no", "customer_no", "contacted_at", "channel", "direction", "purpose", "outcome",
    "summary",
]  # fmt: skip
ANSWERS = {"success": "sold", "failure": "not_interested", "other": "interested"}
# Of each member: the last contact of the campaign, and how the campaign before it ended.
TOLD = """
WITH last AS (
    SELECT DISTINCT ON (m.customer_id) m.customer_id, l.summary AS channel, l.outcome = 'sold' AS is_yes,
           to_char(l.contacted_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month
    FROM campaigns_campaignmember m
    JOIN archives_contactlog l ON l.customer_id = m.customer_id AND l.imported_from = %(source)s
    WHERE m.campaign_id = %(campaign)s ORDER BY m.customer_id, l.contacted_at DESC
), counted AS (
    SELECT last.*, coalesce(e.summary, 'unknown') AS earlier
    FROM last LEFT JOIN archives_contactlog e ON e.customer_id = last.customer_id AND e.imported_from = %(earlier)s
)
SELECT 'month' AS kind, month AS name, count(*) AS asked, count(*) FILTER (WHERE is_yes) AS yes FROM counted GROUP BY 2
UNION ALL SELECT 'channel', channel, count(*), count(*) FILTER (WHERE is_yes) FROM counted GROUP BY 2
UNION ALL SELECT 'earlier', earlier, count(*), count(*) FILTER (WHERE is_yes) FROM counted GROUP BY 2
"""


def lines(one: Client) -> list[list[object]]:
    """The contacts of a client, the last one first, and the answer of the campaign before where there was one."""
    head = ["1001", f"111-{one.number}"]
    found: list[list[object]] = [
        [SOURCE, f"{one.number}/{back}", *head, one.day - timedelta(days=back), "phone", "outbound", "campaign",
         ("sold" if one.said_yes else "not_interested") if back == 0 else "not_reached", one.channel]
        for back in range(one.contacts)
    ]  # fmt: skip
    if one.earlier in ANSWERS:
        day = one.day - timedelta(days=int(one.known["pdays"]))
        answer = ANSWERS[one.earlier]
        found.append([EARLIER, one.number, *head, day, "phone", "outbound", "campaign", answer, one.earlier])
    return found


def campaign(bank: Bank) -> Campaign:
    """A campaign of all 45,211, launched as of the day before its first call; nobody is held back as a control."""
    group = campaign_world.segment(bank)
    campaign_world.crowd(bank, group, CLIENTS, owners=[bank.wang])
    # As the server does by itself within minutes; until then it plans as for an empty bank.
    db.execute(
        "ANALYZE customers_customer, customers_metrics, customers_ownership, segments_segmentmember", using="owner"
    )
    campaign_world.published(date(2008, 5, 4))
    one = campaign_world.campaign(
        bank, group, name="定期存款电话营销", basis="point", base_from=None, base_below=None, control_pct=0, bands=[],
        stratify_by=[], starts_on=date(2008, 5, 5), ends_on=date(2010, 11, 17), baseline_from=date(2008, 4, 1),
        baseline_to=date(2008, 4, 30),
    )  # fmt: skip
    return campaign_world.launched(bank, one)


def test_the_calls_load_as_a_campaign_with_members_and_contacts(bank: Bank, settings: Settings, tmp_path: Path) -> None:
    settings.CRM_HOME = tmp_path / "home"
    found = list(clients())
    launched = campaign(bank)
    assert (launched.members_count, launched.controls) == (CLIENTS, 0)
    path = tmp_path / "calls.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *(line for one in found for line in lines(one))])
    began = time.monotonic()
    done = load.load_file("contact_history", path, as_of=date(2026, 3, 1), uploaded_by=bank.lu)
    print(f"{done.rows_changed} contacts: {time.monotonic() - began:.1f} s")
    assert (done.state, done.rows_rejected) == ("published", 0), done.message
    contacts = ContactLog.objects.using("batch")
    assert contacts.filter(imported_from=SOURCE).count() == CONTACTS
    assert contacts.filter(imported_from=SOURCE, outcome="sold").count() == 5_289
    assert CampaignMember.objects.using("batch").filter(campaign=launched, arm="treat").count() == CLIENTS
    told = db.fetch_all(TOLD, {"campaign": launched.pk, "source": SOURCE, "earlier": EARLIER})
    by = {(row["kind"], row["name"]): (row["asked"], row["yes"]) for row in told}
    assert by == expected(found)
    assert (by["channel", "cellular"], by["channel", "telephone"]) == ((29_285, 4_369), (2_906, 390))
    assert (by["earlier", "success"], by["earlier", "failure"]) == ((1_511, 978), (4_901, 618))


def expected(found: list[Client]) -> dict[tuple[str, str], tuple[int, int]]:
    """The same from the file itself."""
    asked: Counter[tuple[str, str]] = Counter()
    yes: Counter[tuple[str, str]] = Counter()
    for one in found:
        for key in (("month", f"{one.day:%Y-%m}"), ("channel", one.channel), ("earlier", one.earlier)):
            asked[key] += 1
            yes[key] += one.said_yes
    return {key: (number, yes[key]) for key, number in asked.items()}
