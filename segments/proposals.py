"""A rule changes by two people: one proposes it after a dry run, another one approves. Older versions can come back."""

from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User
from segments.choices import SegmentKind, VersionState
from segments.membership import SegmentRefused
from segments.models import Segment, SegmentVersion
from segments.rules.parse import BadRule, check_circle, parse
from segments.rules.tree import Rule, segments_in

MOST_PROPOSALS = 50


def leads(user: User, segment: Segment) -> bool:
    """Whether the user leads all branches whose customers the segment may hold."""
    if user.role != Role.BRANCH_MANAGER:
        return False
    if segment.owner_branch is None:
        return user.branch.is_head_office
    return segment.owner_branch.path.startswith(user.branch.path)


def may_propose(user: User, segment: Segment) -> bool:
    """Whoever leads the segment's branches changes its rule, where somebody else approves."""
    return segment.kind == SegmentKind.RULE and segment.is_active and leads(user, segment)


def may_decide(user: User, version: SegmentVersion) -> bool:
    """Another person than the author: who leads the segment's branches too, or an administrator."""
    if version.state != VersionState.DRAFT or user.pk == version.proposed_by_id:
        return False
    return user.role == Role.ADMIN or leads(user, version.segment)


def propose(user: User, segment: Segment, rule: Rule, note: str, dry_run: dict[str, Any]) -> SegmentVersion:
    """Leave a rule for a second person, in place of one that the same author left before.

    Raises SegmentRefused without the right, while somebody else's proposal waits, and for a circle of segments.
    """
    if not may_propose(user, segment):
        raise SegmentRefused(_("You may not change the rule of this segment."))
    with transaction.atomic():
        held = Segment.objects.select_for_update().get(pk=segment.pk)
        waiting = held.versions.filter(state=VersionState.DRAFT).first()
        if waiting is not None and waiting.proposed_by_id != user.pk:
            raise SegmentRefused(_("Another proposal waits for approval; decide upon it first."))
        refuse_circle(held, rule)
        if waiting is not None:
            close(waiting, user, VersionState.WITHDRAWN)
        number = (held.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = SegmentVersion.objects.create(
            segment=held, number=number, rule=rule.as_data(), note=note, dry_run=dry_run, proposed_by=user
        )
        trail.record(user, "segment.propose", target=held, detail={"version": number, "rule": rule.as_data()})
    return version


def refuse_circle(segment: Segment, rule: Rule) -> None:
    """Raise SegmentRefused where the rule would lead back to its own segment, through rules in force or proposed."""
    asked: dict[str, set[str]] = {}
    rules = SegmentVersion.objects.filter(state__in=[VersionState.IN_FORCE, VersionState.DRAFT])
    for code, data in rules.exclude(segment=segment).values_list("segment__code", "rule"):
        try:
            asked.setdefault(code, set()).update(segments_in(parse(data)))
        except BadRule:
            continue
    try:
        check_circle(segment.code, rule, asked)
    except BadRule as fault:
        raise SegmentRefused(str(fault)) from fault


def approve(user: User, version: SegmentVersion) -> Segment:
    """Put a proposal in force; the version before it is kept. Raises SegmentRefused for the author and the unentitled.

    Who is in the segment changes when a worker, or the next night, has judged it (segments.refresh).
    """
    with transaction.atomic():
        segment, held = locked(user, version)
        refuse_circle(segment, readable(held))
        segment.versions.filter(state=VersionState.IN_FORCE).update(state=VersionState.REPLACED)
        close(held, user, VersionState.IN_FORCE)
        segment.rule, segment.version = held.rule, held.number
        segment.save(update_fields=["rule", "version"])
        trail.record(user, "segment.approve", target=segment, detail={"version": held.number})
    return segment


def refuse(user: User, version: SegmentVersion) -> None:
    """Leave the rule as it is. Raises SegmentRefused as `approve` does."""
    with transaction.atomic():
        segment, held = locked(user, version)
        close(held, user, VersionState.REFUSED)
        trail.record(user, "segment.refuse", target=segment, detail={"version": held.number})


def withdraw(user: User, version: SegmentVersion) -> None:
    """Take one's own proposal back. Raises SegmentRefused for anybody else's, and once it was decided upon."""
    with transaction.atomic():
        held = SegmentVersion.objects.select_for_update().get(pk=version.pk)
        if held.state != VersionState.DRAFT or held.proposed_by_id != user.pk:
            raise SegmentRefused(_("This proposal is not yours to take back."))
        close(held, user, VersionState.WITHDRAWN)
        trail.record(user, "segment.withdraw_proposal", target=held.segment, detail={"version": held.number})


def set_active(user: User, segment: Segment, *, active: bool) -> None:
    """Withdraw a segment: the next night empties it and it is kept with its history; or bring it back."""
    if not leads(user, segment):
        raise SegmentRefused(_("You may not withdraw this segment."))
    trail.record(user, "segment.restore" if active else "segment.withdraw", target=segment)
    Segment.objects.filter(pk=segment.pk).update(is_active=active)


def readable(version: SegmentVersion) -> Rule:
    """The rule of a proposal; raises SegmentRefused where fields have changed since and it cannot be read any more."""
    try:
        return parse(version.rule)
    except BadRule as fault:
        raise SegmentRefused(str(fault)) from fault


def locked(user: User, version: SegmentVersion) -> tuple[Segment, SegmentVersion]:
    """The segment and its proposal, held until the transaction ends."""
    segment = Segment.objects.select_for_update(of=("self",)).select_related("owner_branch").get(pk=version.segment_id)
    held = SegmentVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    held.segment = segment
    if not may_decide(user, held):
        raise SegmentRefused(_("A second person decides upon a proposal that still waits."))
    return segment, held


def close(version: SegmentVersion, user: User, state: VersionState) -> None:
    version.state, version.decided_by, version.decided_at = state, user, timezone.now()
    version.save(update_fields=["state", "decided_by", "decided_at"])


def to_decide(user: User) -> list[SegmentVersion]:
    """The proposals that wait for this user, the oldest first."""
    if user.role not in (Role.BRANCH_MANAGER, Role.ADMIN):
        return []
    waiting = (
        SegmentVersion.objects.filter(state=VersionState.DRAFT)
        .filter(Q(segment__in=Segment.objects.visible_to(user)))
        .exclude(proposed_by=user)
        .select_related("segment__owner_branch", "proposed_by")
        .order_by("pk")[:MOST_PROPOSALS]
    )
    return [one for one in waiting if may_decide(user, one)]
