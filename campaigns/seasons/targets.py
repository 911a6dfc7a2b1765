"""The verbs of a target: set, changed, split among those below, taken back.

A manager asks of the branches whose customers they all see; what somebody further up has set stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.campaign_models import Campaign, CampaignMember
from campaigns.choices import Arm
from campaigns.seasons.models import SeasonTarget, TargetQuerySet
from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from segments.membership import sees_all

KEY = ("measure", "scheme", "rank", "campaign_id", "first_day", "last_day")
MOST_PARTS = 200


class TargetRefused(Exception):
    """The target is not set like this; the message says why in plain words."""


@dataclass(frozen=True)
class Receiver:
    """Who may have a part of a target: a branch right below its branch, or a manager of its outlet."""

    key: str
    name: str
    branch_id: int
    owner_id: int | None


def may_set(user: User, branch: Branch) -> bool:
    """Whether the user leads all of the branch."""
    return user.role == Role.BRANCH_MANAGER and sees_all(user, branch)


def may_change(user: User, target: SeasonTarget) -> bool:
    """Who may set it, and stands where it was set from, or above."""
    return may_set(user, target.branch) and target.set_from.path.startswith(user.branch.path)


def parts_of(user: User, target: SeasonTarget) -> TargetQuerySet:
    """The live targets into which it is split, as far as the user sees them."""
    alike = SeasonTarget.objects.visible_to(user).live().filter(**{name: getattr(target, name) for name in KEY})
    return alike.filter(below(target.branch_id)) if target.owner_id is None else alike.none()


def below(branch_id: int) -> Q:
    """The places of parts: the branches right below, and the managers of an outlet."""
    return Q(branch__parent_id=branch_id, owner=None) | Q(branch_id=branch_id, owner__isnull=False)


def sums_below(user: User, branch_id: int) -> dict[tuple[object, ...], Decimal]:
    """What the parts of a branch's targets add up to, by the key of the target."""
    parts = SeasonTarget.objects.visible_to(user).live().filter(below(branch_id))
    rows = parts.values_list(*KEY).annotate(sum=Sum("amount")).order_by()
    return {tuple(row[:-1]): row[-1] for row in rows}


def of_place(user: User, branch_id: int) -> TargetQuerySet:
    """The live targets of a branch, and those of the branches right below it that are no parts of one of them."""
    seen = SeasonTarget.objects.visible_to(user).live().filter(owner=None)
    alike = {name: OuterRef(name) for name in KEY if name not in ("rank", "campaign_id")}
    # Of one measure both name a tier, or both a campaign, or neither does.
    above = seen.filter(
        Q(rank=OuterRef("rank")) | Q(rank=None), Q(campaign=OuterRef("campaign")) | Q(campaign=None),
        branch_id=branch_id, **alike,
    )  # fmt: skip
    return seen.filter(Q(branch_id=branch_id) | Q(branch__parent_id=branch_id) & ~Exists(above))


def seen_of(target: SeasonTarget, parts: Decimal | None) -> str:
    """What a page has shown of a target and its parts, for who takes it back."""
    return f"{target.amount:.2f}/{parts or 0:.2f}"


def receivers_of(user: User, target: SeasonTarget) -> list[Receiver]:
    """The branches right below, or the managers of an outlet; and whoever has a part already."""
    places = Branch.objects.filter(parent_id=target.branch_id, is_active=True).order_by("path")
    found = [Receiver(f"b{one.pk}", one.name, one.pk, None) for one in places[:MOST_PARTS]]
    if not found:
        staff = User.objects.filter(branch_id=target.branch_id, role=Role.RELATIONSHIP_MANAGER, is_active=True)
        people = staff.order_by("staff_no")[:MOST_PARTS]
        found = [Receiver(f"u{one.pk}", one.name, target.branch_id, one.pk) for one in people]
    known = {one.key for one in found}
    for part in parts_of(user, target).select_related("branch", "owner"):
        if part_key(part) not in known:
            name = part.owner.name if part.owner else part.branch.name
            found.append(Receiver(part_key(part), name, part.branch_id, part.owner_id))
    return found


def save(user: User, target: SeasonTarget) -> SeasonTarget:
    """Set a new target. Raises TargetRefused for a place that the user does not lead, a target that is there, and one
    of a campaign that nobody could reach, or that is over."""
    if not may_set(user, target.branch):
        raise TargetRefused(_("Choose a branch all of whose customers you lead."))
    target.set_by, target.set_from = user, user.branch
    try:
        with transaction.atomic():
            campaign = held_campaign(user, target)
            if campaign is not None:
                target.first_day, target.last_day = campaign.starts_on, campaign.ends_on
            check_reach(user, target.campaign_id, receiver_of(target), target.amount)
            target.save()
            trail.record(user, "target.set", target=target, detail=told(target))
    except IntegrityError as error:
        raise TargetRefused(_("This target is there already: change its amount instead.")) from error
    return target


def change(user: User, target: SeasonTarget, seen: Decimal, amount: Decimal) -> None:
    """Give it another amount. Raises TargetRefused where somebody else has changed it since `seen`."""
    with transaction.atomic():
        one = held(user, target)
        if one.amount != seen:
            raise TargetRefused(changed_meanwhile(one))
        if amount == seen:
            return
        check_reach(user, one.campaign_id, receiver_of(one), amount)
        trail.record(user, "target.change", target=one, detail=told(one) | {"before": one.amount, "amount": amount})
        write(user, one, amount)


def write(user: User, one: SeasonTarget, amount: Decimal) -> None:
    SeasonTarget.objects.filter(pk=one.pk).update(
        amount=amount, set_by=user, set_from=user.branch, set_at=timezone.now()
    )


def withdraw(user: User, target: SeasonTarget, seen: str | None = None) -> None:
    """Take it back with everything into which it was split further down.

    Raises TargetRefused where a part was set from further up, and where somebody has changed it or its parts since the
    page showed them (`seen_of`); without `seen` the caller has looked at that.
    """
    with transaction.atomic():
        one = held(user, target)
        if seen is not None and seen != seen_of(one, parts_of(user, one).aggregate(sum=Sum("amount"))["sum"]):
            raise TargetRefused(_("Somebody has changed this target or its parts meanwhile. Look at the page again."))
        gone = held_with_parts(one)
        above = next((part for part in gone if not may_change(user, part)), None)
        if above is not None:
            raise TargetRefused(set_above(above))
        ids = [part.pk for part in gone]
        trail.record(user, "target.withdraw", target=one, detail=told(one) | {"targets": ids})
        SeasonTarget.objects.filter(pk__in=ids).update(withdrawn_by=user, withdrawn_at=timezone.now())


def held_with_parts(one: SeasonTarget) -> list[SeasonTarget]:
    """The target and all its parts further down, locked: read again until nobody has split one of them meanwhile."""
    alike = SeasonTarget.objects.live().filter(**{name: getattr(one, name) for name in KEY})
    alike = alike.filter(pk=one.pk) if one.owner_id else alike.filter(branch__path__startswith=one.branch.path)
    rows = alike.select_related("branch", "set_by", "set_from").select_for_update(of=("self",)).order_by("pk")
    known: list[int] = []
    while True:
        found = list(rows.all())
        if [part.pk for part in found] == known:
            return found
        known = [part.pk for part in found]


def split(user: User, target: SeasonTarget, wanted: Mapping[str, tuple[Decimal | None, Decimal | None]]) -> int:
    """Give parts of a target: what the page showed and what is wanted, by the key of the receiver; None is no part.

    All of it or nothing; returns how many changed. Raises TargetRefused where somebody else has changed a part
    meanwhile, or a part was set from further up.
    """
    with transaction.atomic():
        one = held(user, target, to_change=False)
        receivers = {found.key: found for found in receivers_of(user, one)}
        rows = parts_of(user, one).select_related("branch", "set_by", "set_from").select_for_update(of=("self",))
        parts = {part_key(part): part for part in rows}
        changes = {key: pair for key, pair in wanted.items() if pair[0] != pair[1]}
        for key, (seen, amount) in changes.items():
            receiver, part = receivers.get(key), parts.get(key)
            if receiver is None:
                raise TargetRefused(_("Somebody has left meanwhile. Look at the page again."))
            if (part.amount if part else None) != seen:
                raise TargetRefused(changed_meanwhile(part) if part else _("A part was taken back meanwhile."))
            if part is not None and not may_change(user, part):
                raise TargetRefused(set_above(part))
            give(user, one, receiver, part, amount)
        told_changes = {key: [seen, amount] for key, (seen, amount) in changes.items()}
        if changes:
            trail.record(user, "target.split", target=one, detail=told(one) | {"parts": told_changes})
    return len(changes)


def give(
    user: User, target: SeasonTarget, receiver: Receiver, part: SeasonTarget | None, amount: Decimal | None
) -> None:
    if amount is not None:
        check_reach(user, target.campaign_id, receiver, amount)
    if part is None and amount is not None:
        alike = {name: getattr(target, name) for name in KEY}
        try:
            with transaction.atomic():
                SeasonTarget.objects.create(
                    **alike, branch_id=receiver.branch_id, owner_id=receiver.owner_id, amount=amount, set_by=user,
                    set_from=user.branch,
                )  # fmt: skip
        except IntegrityError as error:
            raise TargetRefused(_("A part was set meanwhile. Look at the page again.")) from error
    elif part is not None and amount is None:
        withdraw(user, part)
    elif part is not None and amount is not None:
        write(user, part, amount)


def part_key(part: SeasonTarget) -> str:
    return f"u{part.owner_id}" if part.owner_id else f"b{part.branch_id}"


def held_campaign(user: User, target: SeasonTarget) -> Campaign | None:
    """The campaign of a target, locked until the end of the transaction: nobody ends it early in the meantime. Raises
    TargetRefused where it does not run any more."""
    if target.campaign_id is None:
        return None
    rows = Campaign.objects.visible_to(user).running().select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=target.campaign_id).first()
    if found is None:
        raise TargetRefused(_("The campaign does not run any more."))
    return found


def receiver_of(one: SeasonTarget) -> Receiver:
    """Whose target it is."""
    return Receiver(part_key(one), one.owner.name if one.owner else one.branch.name, one.branch_id, one.owner_id)


def check_reach(user: User, campaign_id: int | None, place: Receiver, amount: Decimal) -> None:
    """Raise TargetRefused where a campaign asks fewer customers of a place than are to reach its goal: such a target
    stays behind for ever."""
    if campaign_id is None:
        return
    asked = CampaignMember.objects.visible_to(user).filter(campaign=campaign_id, arm=Arm.TREAT)
    if place.owner_id is not None:
        asked = asked.filter(branch_id=place.branch_id, owner_id=place.owner_id)
    else:
        asked = asked.filter(branch__path__startswith=Branch.objects.get(pk=place.branch_id).path)
    number = asked.count()
    if not number:
        text = _("The campaign asks no customer of %(name)s: the target would stay at 0.")
        raise TargetRefused(text % {"name": place.name})
    if amount > number:
        text = ngettext(
            "The campaign asks %(number)s customer of %(name)s: no more can reach its goal.",
            "The campaign asks %(number)s customers of %(name)s: no more can reach its goal.",
            number,
        )
        raise TargetRefused(text % {"number": f"{number:,}", "name": place.name})


def held(user: User, target: SeasonTarget, *, to_change: bool = True) -> SeasonTarget:
    """The target as it is now, locked until the end of the transaction; two people at once wait for each other.

    Raises TargetRefused where it is gone, over, or not for this user to change (or, without `to_change`, to split).
    """
    if target.campaign_id is not None:
        # Before the target itself, as who ends the campaign does (the trigger season_targets_end).
        Campaign.objects.visible_to(user).select_for_update(of=("self",), no_key=True).filter(
            pk=target.campaign_id
        ).first()
    rows = SeasonTarget.objects.visible_to(user).live().select_for_update(of=("self",))
    one = rows.select_related("branch", "set_by", "set_from").filter(pk=target.pk).first()
    if one is None:
        raise TargetRefused(_("This target was taken back meanwhile."))
    if one.last_day < timezone.localdate():
        raise TargetRefused(_("The last day is over; the target stays as it was."))
    if to_change and may_set(user, one.branch) and not may_change(user, one):
        raise TargetRefused(set_above(one))
    if not may_set(user, one.branch):
        raise TargetRefused(_("Choose a branch all of whose customers you lead."))
    return one


def set_above(one: SeasonTarget) -> str:
    return _("%(branch)s has set this target; only they change it.") % {"branch": one.set_from.name}


def changed_meanwhile(one: SeasonTarget) -> str:
    return _("%(name)s has changed it to %(amount)s meanwhile. Look at the page again.") % {
        "name": one.set_by.name, "amount": f"{one.amount:,.2f}",
    }  # fmt: skip


def told(one: SeasonTarget) -> dict[str, object]:
    """What the audit trail says of a target."""
    return {
        "branch": one.branch_id, "owner": one.owner_id, "measure": one.measure, "rank": one.rank,
        "campaign": one.campaign_id, "first_day": one.first_day, "last_day": one.last_day, "amount": one.amount,
    }  # fmt: skip
