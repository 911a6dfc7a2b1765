"""Alerts 预警: what the night found, why, by which rule, and what would clear it."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import LIVE_ALERT_STATES, AlertKind, AlertState, CloseReason, Severity
from customers.models.customer import Customer


class AlertRule(models.Model):
    """The parameters of one kind (DOMAIN §4), by version and effective date. A change is a new row."""

    kind = models.CharField(_("kind"), max_length=30, choices=AlertKind.choices)
    version = models.IntegerField(_("version"), default=1)
    effective_from = models.DateField(_("effective from"))
    is_active = models.BooleanField(_("active"), default=True)
    parameters = models.JSONField(_("parameters"), default=dict)
    answer_hours = models.IntegerField(_("hours to answer"), default=72)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "version"], name="one_rule_of_a_kind_and_version"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.version}"


class AlertQuerySet(ScopedQuerySet["Alert"]):
    def live(self) -> "AlertQuerySet":
        return self.filter(state__in=LIVE_ALERT_STATES)


class Alert(models.Model):
    """One alert of a customer, kind and episode. The night updates and closes it from data; people answer it.

    An episode is what the alert is about: the holding and its maturity date, the scheme, tier and month, the day
    of a movement. What a person has answered is not raised again in the same episode, but for a maturity that comes
    nearer while nobody has confirmed what happens to the money.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="alerts")
    kind = models.CharField(_("kind"), max_length=30, choices=AlertKind.choices)
    episode = models.CharField(_("episode"), max_length=80)
    severity = models.SmallIntegerField(_("severity"), choices=Severity.choices)
    amount = models.DecimalField(_("money at stake"), max_digits=18, decimal_places=2, null=True)
    due_date = models.DateField(_("due date"), null=True)
    evidence = models.JSONField(_("evidence"), default=dict)
    rule_version = models.IntegerField(_("rule version"))
    clears_when = models.JSONField(_("clears when"), default=dict)
    state = models.CharField(_("state"), max_length=20, choices=AlertState.choices, default=AlertState.NEW)
    raised_on = models.DateField(_("raised on"))
    updated_on = models.DateField(_("updated on"))
    answer_by = models.DateTimeField(_("answer by"), null=True)
    snoozed_until = models.DateField(_("snoozed until"), null=True)
    closed_on = models.DateField(_("closed on"), null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    close_reason = models.CharField(
        _("close reason"), max_length=20, choices=CloseReason.choices, blank=True, default=""
    )
    close_note = models.CharField(_("note"), max_length=200, blank=True, default="")

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "kind", "episode"], name="one_alert_of_an_episode"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["branch", "kind", "due_date"],
                condition=models.Q(state__in=LIVE_ALERT_STATES),
                name="alert_live_of_branch",
            ),
            models.Index(
                fields=["kind", "customer"], condition=models.Q(state__in=LIVE_ALERT_STATES), name="alert_live_of_kind"
            ),
            models.Index(
                fields=["branch", "raised_on"],
                include=["customer", "kind"],
                condition=models.Q(severity=Severity.RED, state=AlertState.NEW),
                name="alert_red_untouched_of_branch",
            ),
            # What people have done since the last night, which the board takes from the night's counters.
            models.Index(
                fields=["branch", "closed_on"],
                include=["customer"],
                condition=models.Q(closed_by__isnull=False),
                name="alert_answered_of_branch",
            ),
            models.Index(
                fields=["branch", "snoozed_until"],
                include=["customer"],
                condition=models.Q(state=AlertState.SNOOZED),
                name="alert_snoozed_of_branch",
            ),
        ]
