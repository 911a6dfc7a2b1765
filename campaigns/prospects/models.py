"""厅堂 and 潜客: who is on duty, who might become a customer, who was called to the lobby, and the shift's last word.

A number is kept as a customer's is: sealed, found by the same hash, shown as a mask.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.prospects.choices import Need, ReferralKind, Result, SourceLayer, Stage
from crm.audit import pii
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import Sex
from customers.models import Customer

# Hashed under the names of a customer's fields, so that one number has one hash wherever it stands.
MOBILE = pii.Field("campaigns_prospect", "mobile", pii.mobile_digits, pii.mask_mobile)


def between(least: int, most: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(least), MaxValueValidator(most)]


class LobbyRule(models.Model):
    """What holds in the lobby from a day on, until the next row begins (DOMAIN §4; the days kept are our own)."""

    effective_from = models.DateField(_("effective from"), unique=True)
    answer_minutes = models.PositiveSmallIntegerField(
        _("minutes to answer a referral"), default=5, validators=between(1, 60)
    )
    most_asked = models.PositiveSmallIntegerField(_("managers asked in turn"), default=3, validators=between(1, 20))
    success_days = models.PositiveSmallIntegerField(
        _("days in which a referral succeeds"), default=30, validators=between(1, 366)
    )
    across_days = models.PositiveSmallIntegerField(
        _("working days to answer a referral between company and personal"), default=3, validators=between(1, 60)
    )
    keep_days = models.PositiveSmallIntegerField(
        _("days a prospect without an account is kept"), default=180, validators=between(30, 1096)
    )
    referrals_a_day = models.PositiveSmallIntegerField(
        _("referrals a day of a lobby manager"), default=5, validators=between(1, 200)
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of the lobby")
        verbose_name_plural = _("rules of the lobby")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.answer_minutes}"


class Presence(models.Model):
    """在岗: what somebody said of themselves on a day. Without a word, whoever has signed in that day is there."""

    user = models.ForeignKey(User, models.CASCADE, related_name="presences", db_index=False)
    day = models.DateField(_("day"))
    is_present = models.BooleanField(_("present"))
    said_at = models.DateTimeField()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "day"], name="one_presence_of_a_day"),
        ]


class ProspectQuerySet(ScopedQuerySet["Prospect"]):
    def owned_by(self, user_id: int) -> Q:
        """Those whom one looks after, and those whom one has taken in."""
        return Q(owner_id=user_id) | Q(registered_by_id=user_id)


class Prospect(models.Model):
    """潜客: somebody who has no account yet and agreed to be called.

    The night alone says that an account is there (`opened_as`, `converted_on`), and forgets who never opened one:
    name, numbers and notes go, layer and stage stay for the figures. The row stays with the branch that took it in.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=20)
    name_mask = models.CharField(max_length=20)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    mobile_cipher = models.BinaryField(null=True)
    mobile_index = models.BinaryField(null=True)
    mobile_mask = models.CharField(max_length=24)
    id_no_index = models.BinaryField(null=True)
    needs = ArrayField(models.CharField(max_length=10, choices=Need.choices), verbose_name=_("needs"))
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    source_layer = models.SmallIntegerField(_("where they come from"), choices=SourceLayer.choices)
    consent_at = models.DateTimeField(_("agreed at"))
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("manager")
    )
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    registered_at = models.DateTimeField()
    stage = models.CharField(pgettext_lazy("prospect", "stage"), max_length=10, choices=Stage.choices)
    stage_at = models.DateTimeField()
    introduced_by = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="+", db_index=True)
    opened_as = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="+", db_index=True)
    converted_on = models.DateField(_("account opened on"), null=True)
    forgotten_on = models.DateField(null=True)
    submission = models.UUIDField(unique=True, editable=False)

    objects: ClassVar[ProspectQuerySet] = ProspectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("prospect")
        verbose_name_plural = _("prospects")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["mobile_index"], condition=Q(mobile_index__isnull=False), name="one_prospect_of_a_number"
            ),
            models.CheckConstraint(
                condition=Q(stage=Stage.OPENED, converted_on__isnull=False)
                | (~Q(stage=Stage.OPENED) & Q(converted_on__isnull=True)),
                name="an_opened_prospect_has_its_day",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-stage_at", "-id"], name="prospect_of_branch"),
            models.Index(fields=["owner", "-stage_at", "-id"], name="prospect_of_owner"),
            models.Index(fields=["id_no_index"], condition=Q(id_no_index__isnull=False), name="prospect_id_no_index"),
            # What the night looks at: who waits, the oldest first.
            models.Index(
                fields=["stage_at"], condition=Q(forgotten_on=None, converted_on=None), name="prospect_waiting"
            ),
            # Whom the last night found, until the next one is over.
            models.Index(
                fields=["converted_on"],
                condition=Q(mobile_index__isnull=False, converted_on__isnull=False),
                name="prospect_just_opened",
            ),
        ]

    @property
    def need_words(self) -> list[str]:
        return [str(Need(one).label) for one in self.needs]


class ProspectStep(models.Model):
    """What was done about a prospect; appended. `actor` is empty where the night did it."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    prospect = models.ForeignKey(Prospect, models.CASCADE, related_name="steps")
    stage = models.CharField(pgettext_lazy("prospect", "stage"), max_length=10, choices=Stage.choices)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("step of a prospect")
        verbose_name_plural = _("steps of prospects")


class ReferralQuerySet(ScopedQuerySet["Referral"]):
    def owned_by(self, user_id: int) -> Q:
        """Those that one is asked to take or has taken, those that one made, and those of own prospects."""
        mine = Prospect.objects.filter(pk=OuterRef("prospect"), owner_id=user_id)
        asked = Q(queue__contains=[user_id]) | Q(accepted_by_id=user_id) | Q(made_by_id=user_id)
        return asked | Q(Exists(mine))

    def of_lobby(self) -> "ReferralQuerySet":
        return self.filter(kind=ReferralKind.LOBBY)

    def waiting(self) -> "ReferralQuerySet":
        return self.filter(accepted_at=None, withdrawn_at=None)


class Referral(models.Model):
    """转介: a manager is called for somebody in the lobby, or a colleague is asked to serve the company of a person, or
    the people of a company.

    `queue` names the managers who are asked one after the other, `turns` when the turn of each begins, `asked_until`
    when the last one's ends. All that follows from the time of day: nothing has to run for a turn to pass.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ReferralKind.choices, default=ReferralKind.LOBBY)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="referrals", db_index=True)
    prospect = models.ForeignKey(Prospect, models.CASCADE, null=True, related_name="referrals", db_index=True)
    need = models.CharField(pgettext_lazy("referral", "need"), max_length=10, choices=Need.choices)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    queue = ArrayField(models.BigIntegerField(), default=list)
    turns = ArrayField(models.DateTimeField(), default=list)
    asked_until = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    result = models.CharField(
        pgettext_lazy("referral", "result"), max_length=10, choices=Result.choices, blank=True, default=""
    )
    result_note = models.CharField(_("note"), max_length=200, blank=True, default="")
    result_at = models.DateTimeField(null=True)
    submission = models.UUIDField(unique=True, editable=False)

    objects: ClassVar[ReferralQuerySet] = ReferralQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False, prospect__isnull=True)
                | Q(customer__isnull=True, prospect__isnull=False),
                name="a_referral_is_of_one",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True, accepted_at__isnull=True)
                | Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="who_accepts_does_so_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | ~Q(accepted_by=models.F("made_by")),
                name="nobody_refers_to_themselves",
            ),
            models.CheckConstraint(
                condition=Q(result="", result_at__isnull=True)
                | (~Q(result="") & Q(result_at__isnull=False, accepted_at__isnull=False)),
                name="a_result_comes_after_it_was_accepted",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_waiting_referral_of_a_customer",
            ),
            models.UniqueConstraint(
                fields=["prospect"], condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_waiting_referral_of_a_prospect",
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-made_at", "-id"], name="referral_of_branch"),
            models.Index(
                fields=["branch"], condition=Q(accepted_at=None, withdrawn_at=None), name="referral_waiting_of_branch"
            ),
            models.Index(fields=["accepted_by", "-made_at"], name="referral_of_who_accepted"),
        ]

    def turn_at(self, now: datetime) -> int | None:
        """Whose turn it is, as a place in `queue`; None when nobody is left."""
        if self.asked_until <= now:
            return None
        return max((place for place, begins in enumerate(self.turns) if begins <= now), default=None)

    def ends_of(self, place: int) -> datetime:
        """When the turn at a place of `queue` is over."""
        return self.turns[place + 1] if place + 1 < len(self.turns) else self.asked_until

    def is_unanswered(self, now: datetime) -> bool:
        """Has everybody who was asked let the time pass?"""
        return self.accepted_at is None and self.withdrawn_at is None and self.asked_until <= now

    def succeeded(self, days: int) -> bool:
        """Was business done within so many days?"""
        return (
            self.result == Result.DONE
            and self.result_at is not None
            and self.result_at <= self.made_at + timedelta(days=days)
        )


class LobbyShiftQuerySet(ScopedQuerySet["LobbyShift"]):
    def owned_by(self, user_id: int) -> Q:
        """Those that one has handed over, or taken over."""
        return Q(handed_by_id=user_id) | Q(taken_by_id=user_id)


class LobbyShift(models.Model):
    """交班: a lobby manager's last sentence to whoever comes next, until that person takes over."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    handed_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    handed_at = models.DateTimeField()
    sentence = models.CharField(_("in one sentence"), max_length=200)
    tally = models.JSONField(default=dict)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    taken_at = models.DateTimeField(null=True)
    submission = models.UUIDField(unique=True, editable=False)

    objects: ClassVar[LobbyShiftQuerySet] = LobbyShiftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("handover of the lobby")
        verbose_name_plural = _("handovers of the lobby")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | ~Q(taken_by=models.F("handed_by")),
                name="another_takes_the_lobby_over",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-handed_at"], name="lobby_shift_of_branch"),
        ]
