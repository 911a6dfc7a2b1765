"""The lists of prospects and of referrals, newest first."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.prospects import desk
from campaigns.prospects.choices import Need, ReferralKind, SourceLayer, Stage
from campaigns.prospects.models import Prospect, Referral
from crm.organization.choices import Role
from crm.organization.models import User
from customers.filters import NOBODY, Choice, ListFilter
from customers.lists import shape
from customers.lists.shape import Page, Sort

BY_STAGE = Sort("-stage_at", _("Latest first"), "stage_at", shape.moment, is_descending=True)
BY_CALL = Sort("-made_at", _("Latest first"), "made_at", shape.moment, is_descending=True)
WAITING, TAKEN, DONE, LEFT = "waiting", "taken", "done", "left"
STATES = (
    (WAITING, pgettext_lazy("referral", "Waiting")), (TAKEN, pgettext_lazy("referral", "Taken, no result yet")),
    (DONE, pgettext_lazy("referral", "With a result")), (LEFT, pgettext_lazy("referral", "Withdrawn")),
)  # fmt: skip


class ProspectFilter(ListFilter):
    """Prospects; who has been forgotten is in no list."""

    stage = django_filters.ChoiceFilter(label=pgettext_lazy("prospect", "stage"), choices=Stage.choices)
    source = django_filters.ChoiceFilter(
        label=_("Where they come from"), field_name="source_layer", choices=SourceLayer.choices
    )
    need = django_filters.ChoiceFilter(label=_("Needs"), method="with_need", choices=Need.choices)

    class Meta:
        model = Prospect
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Prospect]:
        return Prospect.objects.visible_to(user).filter(forgotten_on=None)

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NOBODY:
            return rows.filter(owner=None)
        return rows.filter(owner_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def with_need(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(needs__contains=[value])

    @property
    def branches(self) -> list[Choice]:
        """The branches to choose from, for those who see more than one."""
        return self.choices["branch"]


class ReferralFilter(ListFilter):
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ReferralKind.choices)
    state = django_filters.ChoiceFilter(label=_("State"), method="in_state", choices=STATES)
    need = django_filters.ChoiceFilter(label=_("Needs"), choices=Need.choices)

    class Meta:
        model = Referral
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Referral]:
        """The lobby sees its own: what managers write to each other may name amounts."""
        lobby = user.role == Role.LOBBY_MANAGER
        return (Referral.objects.of_lobby() if lobby else Referral.objects.all()).visible_to(user)

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(accepted_by_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        conditions = {
            WAITING: Q(accepted_at=None, withdrawn_at=None),
            TAKEN: Q(accepted_at__isnull=False, result=""),
            DONE: ~Q(result=""),
            LEFT: Q(withdrawn_at__isnull=False),
        }
        return rows.filter(conditions[value])

    @property
    def branches(self) -> list[Choice]:
        """The branches to choose from, for those who see more than one."""
        return self.choices["branch"]


def prospects(filters: ProspectFilter, after: str, before: str) -> Page:
    """A page of prospects, with what its rows show."""
    return shape.keyset_page(filters.matching, BY_STAGE, with_people, after, before)


def with_people(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("owner", "branch", "registered_by").defer("mobile_cipher", "name")


def referrals(filters: ReferralFilter, after: str, before: str) -> Page:
    """A page of referrals, with what its rows show."""
    return shape.keyset_page(filters.matching, BY_CALL, lambda rows: desk.shown(rows, filters.user), after, before)
