"""The lobby's tablet (I-16): who stands here, three facts, a sentence to say. No amounts: others see the screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from archives.choices import Channel, Outcome
from archives.complaints import due_number
from archives.contacts import last_contact, start_of
from archives.models import ContactLog
from archives.suitability import Suitability, suitability_of
from campaigns.entitlements.standing import Left, standings
from campaigns.prospects import referrals, shift
from campaigns.prospects.presence import rules_on
from crm.organization.models import User
from crm.workbench.customer_page import age_on
from crm.workbench.family import customers_for_page
from crm.workbench.templatetags.screen import short_day
from crm.workbench.today import LastContact, last_of
from crm.workbench.why_now import bold, parsed
from customers.choices import AlertKind, CustomerType, ProductRisk
from customers.models import Alert, Customer

FACTS = 3
LAST = 8
ALERTS = 20
RECEIVED = {
    "id": "customer_id", "name": "customer__name_mask", "sex": "customer__sex", "text": "summary", "at": "contacted_at",
}  # fmt: skip
EXPIRY_DAYS = 90  # DOMAIN §4: ID expiry
BIRTHDAY_DAYS = 3


@dataclass(frozen=True)
class Fact:
    """One line of the card, and what may be said about it to the customer."""

    icon: str
    text: SafeString | str
    say: str = ""


@dataclass(frozen=True)
class Card:
    """What the lobby needs to know of a customer in two seconds.

    `asked` are the managers who would be called now, in their turn of `minutes` each; `taboos` what not to speak of.
    """

    customer: Customer
    tier: int | None
    manager: str
    is_manager_there: bool
    facts: list[Fact]
    sentence: str
    taboos: list[Fact]
    asked: list[User]
    minutes: int
    entitlements: list[Left]


@dataclass(frozen=True)
class Received:
    """A customer who was received today."""

    customer_id: int
    name_mask: str
    sex: str
    text: str
    at: datetime


@dataclass(frozen=True)
class LobbyDay:
    """What this lobby manager did today, how many calls are expected of them, and the customers received last.

    `complaints` are theirs to answer within days.
    """

    tally: shift.Tally
    target: int
    last: list[Received]
    complaints: int
    left: shift.Left | None


def lobby_day(user: User, now: datetime) -> LobbyDay:
    """The day so far, and what the one before left, in one statement."""
    day = timezone.localtime(now).date()
    mine = ContactLog.objects.visible_to(user).filter(
        staff=user, channel=Channel.LOBBY, contacted_at__gte=start_of(day), replaced_at=None
    )
    found = User.objects.values(
        **shift.tally_of(user, day, Q(pk=user.pk)),
        complaints=Subquery(due_number(user, day)),
        target=Subquery(rules_on(day).values("referrals_a_day")[:1]),
        last=ArraySubquery(mine.order_by("-contacted_at").values(json=JSONObject(**RECEIVED))[:LAST]),
        left=shift.left_for(user, now),
    ).get(pk=user.pk)
    return LobbyDay(
        tally=shift.tally_from(found),
        target=found["target"],
        last=[
            Received(one["id"], one["name"], one["sex"], one["text"], datetime.fromisoformat(one["at"]))
            for one in found["last"]
        ],
        complaints=found["complaints"] or 0,
        left=shift.left_from(found["left"]),
    )


def customers_for_card(user: User, day: date) -> QuerySet[Any]:
    """The user's customers with all that the card shows, in one statement."""
    of_customer = {"customer": OuterRef("pk")}
    alerts = Alert.objects.live().visible_to(user).filter(**of_customer).order_by("severity", "due_date", "pk")
    booked = (
        ContactLog.objects.visible_to(user)
        .filter(**of_customer, replaced_at=None, outcome=Outcome.BOOKED, next_date__gte=day)
        .order_by("-contacted_at")
    )
    return customers_for_page(user).annotate(
        waiting=ArraySubquery(
            alerts.values(json=JSONObject(kind="kind", due="due_date", rollover="evidence__auto_rollover"))[:ALERTS]
        ),
        booked=Subquery(booked.values(json=JSONObject(day="next_date", by="staff__name"))[:1]),
        last=last_contact(user, "pk"),
        rule=Subquery(rules_on(day).values(json=JSONObject(minutes="answer_minutes", most="most_asked"))[:1]),
    )


def card(customer: Any, user: User, now: datetime) -> Card:
    """The card of a customer that `customers_for_card` has read; three statements more."""
    day = timezone.localtime(now).date()
    suitable = suitability_of(user, customer, age_on(customer, day), day)
    facts = list(facts_of(customer, day, suitable))[:FACTS]
    main = getattr(customer, "main", None)
    asked = referrals.queue_for(user, day, main.owner_id if main else None, customer.rule["most"])
    is_there = main is not None and bool(asked) and asked[0].pk == main.owner_id
    metrics = getattr(customer, "metrics", None)
    return Card(
        customer=customer,
        tier=metrics.tier if metrics else None,
        manager=main.owner.name if main else "",
        is_manager_there=is_there,
        facts=facts,
        sentence=sentence_of(customer, facts, main.owner.name if main and is_there else ""),
        taboos=list(taboos_of(customer, suitable)),
        asked=asked,
        minutes=customer.rule["minutes"],
        # No points: with the rule of the monthly average they would tell the balance.
        entitlements=[one for one in standings(customer.entitlements_left) if one.entitlement_id],
    )


def sentence_of(customer: Any, facts: list[Fact], manager: str) -> str:
    """What to say. Nobody promises a manager who is not there, suggests what somebody who refuses profiling might want,
    or offers anything while a complaint is open."""
    said = [] if customer.profiling_opt_out or customer.open_complaint else [fact.say for fact in facts if fact.say]
    words = said[0] if said else _("What can we do for you today?")
    sentence = together(_("Hello %(name)s.") % {"name": spoken(customer)}, words)
    if not manager:
        return sentence
    return together(sentence, _("Your manager %(manager)s will gladly look after you.") % {"manager": manager})


def taboos_of(customer: Any, suitable: Suitability) -> Iterator[Fact]:
    """What not to speak of, or how not to reach the customer."""
    if customer.do_not_contact:
        text = with_reason(_("No calls, no text messages"), _("The customer asked not to be called or texted."))
        yield Fact("ban", text)
    if customer.profiling_opt_out:
        text = with_reason(_("No suggestions"), _("The customer refuses profiling; answer what they ask."))
        yield Fact("user-question", text)
    if suitable.highest < ProductRisk.R5 and customer.customer_type == CustomerType.PERSON:
        limit = _("Nothing above %(risk)s") % {"risk": f"R{suitable.highest}"}
        yield Fact("scale", with_reason(limit, reason_of(suitable)))


def reason_of(suitable: Suitability) -> str:
    """Why no riskier product may be spoken of."""
    if suitable.of_age is not None:
        return _("from %(age)s years on") % {"age": suitable.of_age}
    if suitable.assessment is None or not suitable.is_valid:
        return _("no valid risk assessment")
    return _("risk level %(level)s") % {"level": f"C{suitable.assessment.level}"}


def with_reason(what: str, why: str) -> SafeString:
    return format_html("<b>{}</b> {}", what, why)


def together(first: str, then: str) -> str:
    """Two sentences as one reads them: Chinese has no space between them."""
    return pgettext("two sentences", "%(first)s %(then)s") % {"first": first, "then": then}


def spoken(customer: Customer) -> str:
    """`Ms 周`: what the mask leaves of the name, as one says it."""
    surname = customer.name_mask.partition("*")[0]
    if customer.customer_type != CustomerType.PERSON or not surname:
        return ""
    if customer.sex == "M":
        return pgettext("spoken to", "Mr %(name)s") % {"name": surname}
    if customer.sex == "F":
        return pgettext("spoken to", "Ms %(name)s") % {"name": surname}
    return surname


def facts_of(customer: Any, day: date, suitable: Suitability) -> Iterator[Fact]:
    """All that is worth knowing, the most urgent first."""
    if customer.booked:
        when = short_day(parsed(customer.booked["day"]), day)
        text = format_html(_("<b>Appointment {day}</b> with {manager}"), day=when, manager=customer.booked["by"])
        yield Fact("calendar-check", text)
    yield from (alert_fact(alert, day) for alert in distinct_kinds(customer.waiting))
    if customer.id_expiry_date and customer.id_expiry_date <= day + timedelta(days=EXPIRY_DAYS):
        expiry = short_day(customer.id_expiry_date, day)
        yield Fact(
            "id", format_html(_("Identity document valid to <b>{day}</b>"), day=expiry),
            _("Your identity document runs out, we can renew it on our files right now."),
        )  # fmt: skip
    if suitable.assessment and suitable.expires:
        expiry = short_day(suitable.assessment.valid_to, day)
        yield Fact(
            "scale", format_html(_("Risk assessment valid to <b>{day}</b>"), day=expiry),
            _("Your risk assessment runs out, we can renew it right now."),
        )  # fmt: skip
    if is_birthday_near(customer, day):
        yield Fact("cake", _("Birthday in these days"), _("Happy birthday!"))
    last: LastContact | None = last_of(customer.last, day)
    if last:
        yield Fact(
            "message", format_html(_("Last contact <b>{days}</b>, {channel}, {outcome}"), days=last.days,
                                   channel=last.channel, outcome=last.outcome)
        )  # fmt: skip
    if customer.has_pension:
        yield Fact("pig-money", _("pension paid here"))
    if customer.has_payroll:
        yield Fact("pig-money", _("salary paid here"))
    if customer.is_merchant:
        yield Fact("building", _("merchant who settles here"))


def distinct_kinds(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most urgent alert of each kind."""
    first: dict[str, dict[str, Any]] = {}
    for alert in alerts:
        first.setdefault(alert["kind"], alert)
    return list(first.values())


def alert_fact(alert: dict[str, Any], day: date) -> Fact:
    """What an alert means in the lobby, without a figure: the manager knows the figures."""
    match alert["kind"]:
        case AlertKind.MATURITY:
            when = short_day(parsed(alert["due"]), day)
            plain = _("<b>A deposit matures {day}</b>")
            open_end = _("<b>A deposit matures {day}</b>, no rollover agreed")
            return Fact(
                "calendar-due", format_html(open_end if alert["rollover"] is False else plain, day=when),
                _("A deposit of yours matures soon, shall we arrange what comes next?"),
            )  # fmt: skip
        case AlertKind.UPGRADE_CRITICAL:
            text = with_advice(_("Close to the next tier"), _("the manager explains what is missing"))
            return Fact("trending-up", text, _("You are close to more benefits with us."))
        case AlertKind.DOWNGRADE_CRITICAL:
            return Fact("trending-down", with_advice(_("Benefits may change"), _("leave it to the manager")))
        case AlertKind.LARGE_OUT:
            text = with_advice(_("Please bring to the manager"), _("who would like a word"))
            return Fact("bell-ringing", text)
    return Fact("arrow-down-left", with_advice(_("New business lately"), _("the manager has ideas")))


def with_advice(fact: str, advice: str) -> SafeString:
    return format_html("{}{}{}", bold(fact), _(", "), advice)


def is_birthday_near(customer: Customer, day: date) -> bool:
    """From three days before to the day itself; the date stays off the card."""
    born = customer.birth_date
    if born is None or customer.customer_type != CustomerType.PERSON:
        return False
    return any((coming.month, coming.day) == (born.month, born.day) for coming in next_days(day))


def next_days(day: date) -> Iterator[date]:
    return (day + timedelta(days=ahead) for ahead in range(BIRTHDAY_DAYS + 1))
