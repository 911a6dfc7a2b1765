"""What a manager says of a finding: reasonable, or to be talked over. Verdicts are appended, none is changed."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from archives.inspections import may_inspect
from archives.models import ContactVerdict
from archives.quality_choices import FindingState
from crm.audit import trail
from crm.organization.models import User

# What can be said after what was said last; a talk may show that it was reasonable after all.
NEXT = {
    FindingState.OPEN: (FindingState.REASONABLE, FindingState.TALK),
    FindingState.TALK: (FindingState.REASONABLE,),
    FindingState.REASONABLE: (),
}


class VerdictRefused(Exception):
    """It cannot be said so, or not any more; the message says why in plain words."""


def may_judge(user: User, finding: Any) -> bool:
    """Who leads a branch or several, of others' contacts, while there is something left to say."""
    return may_inspect(user) and finding.staff_id != user.pk and bool(NEXT[FindingState(finding.state)])


def judge(finding: Any, actor: User, kind: str, remark: str, seen: int, at: datetime) -> ContactVerdict:
    """Append a verdict on a finding with its state. `seen`: how many verdicts the actor had read when deciding.

    Of two who decide at once, the number of the verdict lets one come first. Raises VerdictRefused.
    """
    if finding.staff_id == actor.pk:
        raise VerdictRefused(_("Nobody judges the own contacts; ask a manager of a place above."))
    if finding.verdicts_said != seen or kind not in NEXT[FindingState(finding.state)]:
        raise VerdictRefused(_("Somebody has judged these contacts in the meantime."))
    try:
        with transaction.atomic():
            said = ContactVerdict.objects.create(
                branch_id=finding.branch_id, finding_id=finding.pk, number=seen + 1, kind=kind, actor=actor, at=at,
                remark=remark,
            )  # fmt: skip
    except IntegrityError:
        raise VerdictRefused(_("Somebody has judged these contacts in the meantime.")) from None
    detail = {"finding": finding.pk, "author": finding.staff_id, "remark": remark}
    trail.append(
        chain=finding.branch_id, actor=actor, action=f"quality.{kind}", detail=detail,
        object_type=said._meta.label_lower, object_id=str(said.pk),
    )  # fmt: skip
    return said
