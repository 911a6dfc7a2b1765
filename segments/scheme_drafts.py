"""A draft of a tier scheme on its way: simulated, left for a second person, approved and released, or sent back."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User
from segments import schemes
from segments.choices import SimulationState
from segments.models import SchemeSimulation, Tier, TierScheme
from segments.simulation import published_night, rules_of


class DraftRefused(Exception):
    """The draft does not take this; the message says why in plain words."""


def may_draft(user: User) -> bool:
    """Tiers are of the whole bank: who leads all of it drafts and decides, and administrators."""
    return user.role == Role.ADMIN or (user.role == Role.BRANCH_MANAGER and user.branch.is_head_office)


def may_decide(user: User, simulation: SchemeSimulation) -> bool:
    """Another person than who submitted it."""
    return simulation.state == SimulationState.SUBMITTED and may_draft(user) and user.pk != simulation.proposed_by_id


def refuse_without_right(user: User) -> None:
    if not may_draft(user):
        raise DraftRefused(_("Tier schemes are changed by who leads the whole bank, and by administrators."))


@transaction.atomic
def start(user: User, scheme: TierScheme, note: str) -> SchemeSimulation:
    """Have a draft simulated as it stands; a worker does it. Raises DraftRefused, and schemes.BadBands."""
    refuse_without_right(user)
    held = locked_draft(scheme)
    schemes.check_rules(held)
    schemes.check_bands(list(held.tiers.order_by("rank")))
    night = published_night("default")
    if night is None:
        raise DraftRefused(_("No night has been published yet."))
    base = TierScheme.objects.filter(code=held.code, is_active=True).first()
    made = SchemeSimulation.objects.create(
        scheme=held, base=base, as_of=night[0], night=night[1], rules=rules_of(held), note=note, made_by=user
    )
    trail.record(user, "scheme.simulate", target=made, detail={"scheme": str(held), "rules": made.rules})
    return made


def locked_draft(scheme: TierScheme) -> TierScheme:
    """The draft, held; raises DraftRefused for a released version, and while it waits for a decision."""
    held = TierScheme.objects.select_for_update().get(pk=scheme.pk)
    if schemes.is_fixed(held):
        raise DraftRefused(_("This version has been released; make a new version."))
    if held.simulations.filter(state=SimulationState.SUBMITTED).exists():
        raise DraftRefused(_("This draft waits for a decision; take it back to change it."))
    return held


@transaction.atomic
def save(user: User, scheme: TierScheme, rules: dict[str, Any], lowers: dict[int, Any]) -> None:
    """Write bands (lower edges by rank; the upper ones follow) and rules of a draft. Raises DraftRefused, BadBands."""
    refuse_without_right(user)
    held = locked_draft(scheme)
    bands = list(held.tiers.order_by("rank"))
    for number, band in enumerate(bands):
        band.lower = lowers[band.rank]
        band.upper = lowers[bands[number + 1].rank] if number + 1 < len(bands) else None
    schemes.check_bands(bands)
    Tier.objects.bulk_update(bands, ["lower", "upper"])
    for name, value in rules.items():
        setattr(held, name, value)
    held.save(update_fields=list(rules))
    trail.record(user, "scheme.draft", target=held, detail=rules_of(held))


@transaction.atomic
def submit(user: User, simulation: SchemeSimulation) -> None:
    """Leave a simulation for a second person. Raises DraftRefused where the draft or the night is another one now."""
    refuse_without_right(user)
    held = locked(simulation, SimulationState.READY)
    locked_draft(held.scheme)
    refuse_changed(held)
    held.state, held.proposed_by, held.proposed_at = SimulationState.SUBMITTED, user, timezone.now()
    held.save(update_fields=["state", "proposed_by", "proposed_at"])
    record(user, "scheme.submit", held)


@transaction.atomic
def approve(user: User, simulation: SchemeSimulation) -> Any:
    """Release the version; returns its first day. Raises DraftRefused, and schemes.BadVersion while a night is at
    work."""
    held = to_decide(user, simulation)
    # Whoever edits the draft elsewhere waits until it is released, and then finds it fixed.
    held.scheme = TierScheme.objects.select_for_update().get(pk=held.scheme_id)
    refuse_changed(held)
    first = schemes.activate(held.scheme)
    close(held, user, SimulationState.APPROVED, "")
    record(user, "scheme.approve", held, first=first)
    return first


@transaction.atomic
def send_back(user: User, simulation: SchemeSimulation, why: str) -> None:
    """Leave the scheme as it is; the draft can be changed again. Raises DraftRefused."""
    held = to_decide(user, simulation)
    close(held, user, SimulationState.REFUSED, why)
    record(user, "scheme.refuse", held)


@transaction.atomic
def withdraw(user: User, simulation: SchemeSimulation) -> None:
    """Take one's own submission back. Raises DraftRefused for anybody else's, and once it was decided upon."""
    held = locked(simulation, SimulationState.SUBMITTED)
    if held.proposed_by_id != user.pk:
        raise DraftRefused(_("This proposal is not yours to take back."))
    held.state, held.proposed_by, held.proposed_at = SimulationState.READY, None, None
    held.save(update_fields=["state", "proposed_by", "proposed_at"])
    record(user, "scheme.withdraw", held)


def locked(simulation: SchemeSimulation, state: SimulationState) -> SchemeSimulation:
    held = SchemeSimulation.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=simulation.pk)
    if held.state != state:
        raise DraftRefused(_("This simulation has been decided upon, or was not left for a decision."))
    return held


def to_decide(user: User, simulation: SchemeSimulation) -> SchemeSimulation:
    held = locked(simulation, SimulationState.SUBMITTED)
    if not may_decide(user, held):
        raise DraftRefused(_("A second person decides upon a proposal that still waits."))
    return held


def refuse_changed(held: SchemeSimulation) -> None:
    """The figures are of the draft as it was simulated, on the newest night; else it has to be simulated again."""
    if rules_of(held.scheme) != held.rules:
        raise DraftRefused(_("The draft has been changed since; simulate it again."))
    if is_outdated(held):
        raise DraftRefused(_("A night was published meanwhile; simulate again."))


def is_outdated(simulation: SchemeSimulation) -> bool:
    """Whether another night has been published since, or the same day once more."""
    return published_night("default") != (simulation.as_of, simulation.night)


def close(held: SchemeSimulation, user: User, state: SimulationState, why: str) -> None:
    held.state, held.decided_by, held.decided_at, held.decision = state, user, timezone.now(), why
    held.save(update_fields=["state", "decided_by", "decided_at", "decision"])


def record(user: User, action: str, held: SchemeSimulation, **more: Any) -> None:
    detail = {"scheme": str(held.scheme), "fingerprint": held.fingerprint, **more}
    trail.record(user, action, target=held, detail=detail)
