"""What of each of the lists goes into a file. Names are masked, as on screen, and long numbers in free text."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.contact_list import CONTACTS
from archives.models import ContactLog, MaintenancePlan
from archives.plan_list import PLANS
from campaigns.models import Maturity
from campaigns.retention.listing import RETENTION
from campaigns.retention.models import Part
from crm.audit.pii import veil_numbers
from crm.workbench.why_now import Today, reason
from customers import customer_list
from customers.alert_list import ALERTS, with_customer
from customers.customer_list import CUSTOMERS, main_owner
from customers.exports.files import Cell, Column
from customers.exports.rows import Named, Table
from customers.models import Alert, Customer
from segments.models import Tier

Tiers = Mapping[int, Named]
COSTLY = frozenset({"due", "alerts", "manager"})  # the columns of the customers' list that cost a look-up
NUMBER = Column("customer_no", _("Customer number"), width=16)
NAME = Column("name", _("Customer"))
TIER = Column("tier", _("Tier"), width=10)
AUM = Column("aum", _("AUM"), "money", 18)
MANAGER = Column("manager", _("Manager"))
BRANCH = Column("branch", _("Branch"), width=20)
CONTACTED = {True: pgettext_lazy("contact", "yes"), False: pgettext_lazy("contact", "no")}


def with_manager(rows: QuerySet[Any], of: str) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(owner_name=main_owner(of), owner_no=main_owner(of, "staff_no"))
    return found


def manager(row: Any) -> str:
    """Name and staff number: two may have one name."""
    return f"{row.owner_name} {row.owner_no}" if row.owner_no else ""


def tier(customer: Customer, tiers: Tiers) -> str:
    rank = customer.metrics.tier
    return tiers[rank].name if rank in tiers else ""


def moment(value: Any) -> str:
    """To the minute, in the bank's time; a spreadsheet's own dates know no zone."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""


def load_customers(customers: QuerySet[Any], day: date) -> QuerySet[Any]:
    loaded = customer_list.load(customers, COSTLY, day)
    found: QuerySet[Any] = loaded.annotate(owner_no=main_owner(field="staff_no"))
    return found


def customer_cells(customers: Sequence[Any], tiers: Tiers, day: date) -> list[list[Cell]]:
    return [
        [
            one.customer_no, one.name_mask, one.get_customer_type_display(), tier(one, tiers), one.metrics.aum,
            one.metrics.deposit, one.metrics.loan, one.metrics.product_count, one.next_maturity,
            "、".join(dict.fromkeys(str(alert.get_kind_display()) for alert in row.alerts)), manager(one),
            one.branch.name, one.open_date,
        ]
        for one, row in zip(customers, customer_list.rows(customers, COSTLY, day), strict=True)
    ]  # fmt: skip


def load_alerts(alerts: QuerySet[Any], day: date) -> QuerySet[Any]:
    return with_manager(with_customer(alerts).annotate(as_of=customer_list.published_day()), "customer_id")


def alert_cells(alerts: Sequence[Any], tiers: Tiers, day: date) -> list[list[Cell]]:
    return [alert_row(alert, tiers, day) for alert in alerts]


def alert_row(alert: Alert, tiers: Tiers, day: date) -> list[Cell]:
    customer, row = alert.customer, cast(Any, alert)
    why = reason(alert, Today(day, row.as_of or day, cast(dict[int, Tier], tiers))).why
    return [
        customer.customer_no, customer.name_mask, str(alert.get_kind_display()), strip_tags(why), alert.amount,
        alert.due_date, str(alert.get_severity_display()), str(alert.get_state_display()), alert.snoozed_until,
        tier(customer, tiers), customer.metrics.aum, alert.raised_on, moment(alert.answer_by), manager(row),
        alert.branch.name,
    ]  # fmt: skip


def load_contacts(contacts: QuerySet[Any], day: date) -> QuerySet[Any]:
    return with_manager(with_customer(contacts).select_related("customer__metrics", "branch", "staff"), "customer_id")


def contact_cells(contacts: Sequence[ContactLog], tiers: Tiers, day: date) -> list[list[Cell]]:
    return [
        [
            one.customer.customer_no, one.customer.name_mask, moment(one.contacted_at),
            str(one.get_channel_display()), str(one.get_outcome_display()), str(one.get_purpose_display()),
            veil_numbers(one.summary), one.amount, one.recording_no, one.next_date, veil_numbers(one.next_action),
            f"{one.staff.name} {one.staff.staff_no}",
            tier(one.customer, tiers), manager(one), one.branch.name,
        ]
        for one in contacts
    ]  # fmt: skip


def load_plans(plans: QuerySet[Any], day: date) -> QuerySet[Any]:
    joined = with_customer(plans).select_related("customer__metrics", "branch", "owner", "step")
    return with_manager(joined, "customer_id")


def plan_cells(plans: Sequence[MaintenancePlan], tiers: Tiers, day: date) -> list[list[Cell]]:
    return [
        [
            one.customer.customer_no, one.customer.name_mask, one.due_date, str(one.get_channel_display()),
            str(one.get_purpose_display()), veil_numbers(one.what), str(one.get_state_display()), one.closed_on,
            f"{one.owner.name} {one.owner.staff_no}", tier(one.customer, tiers), moment(one.created_at), manager(one),
            one.branch.name,
        ]
        for one in plans
    ]  # fmt: skip


def load_maturities(maturities: QuerySet[Any], day: date) -> QuerySet[Any]:
    return RETENTION.load(maturities, frozenset(), day)


def maturity_cells(maturities: Sequence[Maturity], tiers: Tiers, day: date) -> list[list[Cell]]:
    return [
        [
            one.customer.customer_no, one.customer.name_mask, one.product.name, one.maturity_date, one.principal,
            *(getattr(one, part) for part in Part), one.final_on, str(CONTACTED[one.is_contacted]),
            tier(one.customer, tiers), f"{one.held_owner.name} {one.held_owner.staff_no}" if one.held_owner else "",
            one.held_branch.name,
        ]
        for one in maturities
    ]  # fmt: skip


TABLES: dict[str, Table] = {
    table.shape.name.value: table
    for table in (
        Table(
            CUSTOMERS,
            (
                NUMBER, NAME, Column("customer_type", pgettext_lazy("customer", "Type"), width=8), TIER, AUM,
                Column("deposit", _("Deposits"), "money", 18), Column("loan", _("Loans"), "money", 18),
                Column("product_count", _("Products held"), "count", 10),
                Column("next_maturity", _("Next maturity"), "date", 12), Column("alerts", _("Alerts"), width=20),
                MANAGER, BRANCH, Column("open_date", _("Customer since"), "date", 12),
            ),
            load_customers, customer_cells, has_identity=True,
        ),
        Table(
            ALERTS,
            (
                NUMBER, NAME, Column("kind", _("Alert"), width=16), Column("why", _("Why now"), width=44),
                Column("amount", _("At stake"), "money", 18), Column("due", pgettext_lazy("alert", "Due"), "date", 12),
                Column("severity", _("Severity"), width=8), Column("state", _("State"), width=10),
                Column("snoozed_until", _("Put off until"), "date", 12), TIER, AUM,
                Column("raised", _("Raised"), "date", 12), Column("answer", _("Answer by"), width=16), MANAGER, BRANCH,
            ),
            load_alerts, alert_cells,
        ),
        Table(
            CONTACTS,
            (
                NUMBER, NAME, Column("when", _("When"), width=16), Column("channel", _("Channel"), width=10),
                Column("outcome", _("Outcome")), Column("purpose", _("Purpose")),
                Column("summary", _("What was said"), width=48), Column("amount", _("Amount"), "money", 18),
                Column("recording", _("Recording number"), width=20),
                Column("next_date", _("Next on"), "date", 12), Column("next", _("Next action"), width=28),
                Column("by", pgettext_lazy("who made a contact", "By")), TIER, MANAGER, BRANCH,
            ),
            load_contacts, contact_cells,
        ),
        Table(
            PLANS,
            (
                NUMBER, NAME, Column("due", pgettext_lazy("plan", "Due"), "date", 12),
                Column("channel", _("Channel"), width=10), Column("purpose", _("Purpose")),
                Column("note", _("Note"), width=40), Column("state", _("State"), width=10),
                Column("closed_on", _("Closed on"), "date", 12), Column("owner", _("Planned for")), TIER,
                Column("made", _("Planned on"), width=16), MANAGER, BRANCH,
            ),
            load_plans, plan_cells,
        ),
        Table(
            RETENTION,
            (
                NUMBER, NAME, Column("product", _("Product"), width=24), Column("matured", _("Matured on"), "date", 12),
                Column("principal", _("Matured"), "money", 18),
                *(Column(part.value, part.label, "money", 18) for part in Part),
                Column("final", _("Final on"), "date", 12),
                Column("contacted", _("Effective contact before"), width=12), TIER,
                Column("held", _("Manager then")), Column("held_branch", _("Branch then"), width=20),
            ),
            load_maturities, maturity_cells,
        ),
    )
}  # fmt: skip
