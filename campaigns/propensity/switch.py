"""On or off: a model is learned, left for a second person, switched on by them; anybody of them switches it off."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.propensity.choices import ModelState
from campaigns.propensity.models import PropensityModel
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.choices import Role
from crm.organization.models import User


class SwitchRefused(Exception):
    """The model does not take this; the message says why in plain words."""


def may_switch(user: User) -> bool:
    """A model is of the whole bank: who leads all of it learns and decides, and administrators."""
    return user.role == Role.ADMIN or (user.role == Role.BRANCH_MANAGER and user.branch.is_head_office)


def may_decide(user: User, model: PropensityModel) -> bool:
    """Another person than who left it."""
    return model.state == ModelState.SUBMITTED and may_switch(user) and user.pk != model.proposed_by_id


def start(user: User) -> PropensityModel:
    """Have a model learned from the contacts up to the published day; a worker does it. Raises SwitchRefused."""
    day = ledger.published_date(using="default")
    if day is None:
        raise SwitchRefused(_("No night has been published yet."))
    try:
        with transaction.atomic():
            made = PropensityModel.objects.create(as_of=day, made_by=user)
            trail.record(user, "propensity.learn", target=made, detail={"as_of": day.isoformat()})
    except IntegrityError as error:
        raise SwitchRefused(_("A model is being learned already.")) from error
    return made


@transaction.atomic
def submit(user: User, model: PropensityModel) -> None:
    """Leave a model that was learned for a second person; once, however often it is sent. Raises SwitchRefused."""
    held = PropensityModel.objects.select_for_update().get(pk=model.pk)
    if held.state == ModelState.SUBMITTED and held.proposed_by_id == user.pk:
        return
    expect(held, ModelState.READY, ModelState.OFF)
    try:
        with transaction.atomic():
            change(held, state=ModelState.SUBMITTED, proposed_by=user, proposed_at=timezone.now(), decided_by=None)
    except IntegrityError as error:
        # One at most is submitted (the database keeps it so), whoever else submits another one at this moment.
        raise SwitchRefused(_("Another model waits for approval; decide upon that one first.")) from error
    record(user, "propensity.submit", held)


@transaction.atomic
def approve(user: User, model: PropensityModel) -> None:
    """Switch the model on, and the one before it off. Raises SwitchRefused."""
    held = to_decide(user, model)
    before = PropensityModel.objects.select_for_update().filter(state=ModelState.ON).first()
    if before is not None:
        switch_off(user, before)
    change(held, state=ModelState.ON, decided_by=user, decided_at=timezone.now(), decision="")
    record(user, "propensity.on", held)


@transaction.atomic
def send_back(user: User, model: PropensityModel, why: str) -> None:
    """Leave it off, with a reason. Raises SwitchRefused."""
    held = to_decide(user, model)
    change(held, state=ModelState.REFUSED, decided_by=user, decided_at=timezone.now(), decision=why)
    record(user, "propensity.refuse", held)


@transaction.atomic
def withdraw(user: User, model: PropensityModel) -> None:
    """Take one's own submission back. Raises SwitchRefused for anybody else's, and once it was decided upon."""
    held = locked(model, ModelState.SUBMITTED)
    if held.proposed_by_id != user.pk:
        raise SwitchRefused(_("This proposal is not yours to take back."))
    change(held, state=ModelState.READY, proposed_by=None, proposed_at=None)
    record(user, "propensity.withdraw", held)


@transaction.atomic
def off(user: User, model: PropensityModel) -> None:
    """Switch it off at once, which needs no second person: no score is shown any more. Raises SwitchRefused."""
    switch_off(user, locked(model, ModelState.ON))


def switch_off(user: User, held: PropensityModel) -> None:
    change(held, state=ModelState.OFF, switched_off_by=user, switched_off_at=timezone.now())
    record(user, "propensity.off", held)


def locked(model: PropensityModel, *states: ModelState) -> PropensityModel:
    held = PropensityModel.objects.select_for_update().get(pk=model.pk)
    expect(held, *states)
    return held


def expect(held: PropensityModel, *states: ModelState) -> None:
    if held.state not in states:
        raise SwitchRefused(_("Somebody has decided upon this model meanwhile; look at it again."))


def to_decide(user: User, model: PropensityModel) -> PropensityModel:
    held = locked(model, ModelState.SUBMITTED)
    if not may_decide(user, held):
        raise SwitchRefused(_("A second person decides upon a proposal that still waits."))
    return held


def change(held: PropensityModel, **values: Any) -> None:
    for name, value in values.items():
        setattr(held, name, value)
    held.save(update_fields=list(values))


def record(user: User, action: str, held: PropensityModel) -> None:
    detail = {"fingerprint": held.fingerprint, "as_of": held.as_of.isoformat(), "why": held.decision}
    trail.record(user, action, target=held, detail=detail)
