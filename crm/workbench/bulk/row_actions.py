"""What a bulk job can do with a chunk of alerts or plans, and take back: one shape, new values for some columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from archives.choices import PlanCause, PlanOrigin, PlanState
from archives.models import MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, ScopedQuerySet
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.bulk.shape import UNDO_DAYS, Ids, OfList, Stopped
from customers.choices import LIVE_ALERT_STATES, AlertState, BulkProblem, CloseReason, ItemOutcome, ListName
from customers.models import Alert, BulkItem, BulkJob, Customer

OPEN_ALERT = f"r.state IN ({', '.join(repr(state.value) for state in LIVE_ALERT_STATES)})"
MAIN_OWNER = (
    "SELECT o.owner_id FROM customers_ownership o "
    "WHERE o.customer_id = r.customer_id AND o.role = 'main' AND o.until IS NULL"
)
# What an inspection asks for stays with the owner until the archive is handed in again; what a complaint pauses was not
# done, and goes on when it is closed. Both are named as held (change.sql).
OPEN_PLAN = f"r.state = {PlanState.PLANNED.value!r} AND r.origin <> {PlanOrigin.INSPECTION.value!r}"


@dataclass(frozen=True)
class RowChange(OfList):
    """Rows of one table get `values`: column → SQL with the parameters of the job, `actor` and `day`, the day when it
    was confirmed. A row that somebody has closed in the meantime stays as it is (`is_open`)."""

    model: type[Alert] | type[MaintenancePlan]
    word: str
    is_open: str
    values: Mapping[str, str]
    roles: frozenset[str] = frozenset(BALANCE_ROLES)
    undo_days: int = UNDO_DAYS

    @property
    def lists(self) -> frozenset[str]:
        return frozenset({ListName.ALERTS if self.model is Alert else ListName.PLANS})

    def rows(self, actor: User) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = self.model.objects.visible_to(actor)
        return found

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        self.record(job, actor, ids, f"{self.word}_many")
        self.run("change", job, ids)

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        self.record(job, actor, ids, f"{self.word}_back")
        self.run("change_back", job, ids)

    def record(self, job: BulkJob, actor: User, ids: Ids, action: str) -> None:
        detail = {"job": job.pk, "ids": list(ids), **job.parameters}
        trail.append(chain=actor.branch_id, actor=actor, action=action, detail=detail)

    def run(self, name: str, job: BulkJob, ids: Ids) -> None:
        """The statement, with the table and columns of this change in it."""
        parts = {
            "table": self.model._meta.db_table,
            "columns": ", ".join(f"r.{column}" for column in self.values),
            "values": ", ".join(self.values.values()),
            "sets": ", ".join(f"{column} = {value}" for column, value in self.values.items()),
            "back": ", ".join(f"{column} = b.{column}" for column in self.values),
            "is_open": self.is_open,
            "is_still": "true" if "state" in self.values else self.is_open,
        }
        statement = db.sql_text(__package__, name)
        for key, text in parts.items():
            statement = statement.replace(f"{{{key}}}", text)
        about = {"job": job.pk, "ids": list(ids), "names": list(self.values)}
        person = {"actor": job.actor_id, "day": job.business_date}
        db.execute(statement, {**job.parameters, **about, **person}, using="default")


@dataclass(frozen=True)
class Hand(RowChange):
    """Plans go to a colleague, where the colleague sees the customer; the others are named. `colleague` 0 stands for
    the manager of each customer."""

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        if not job.parameters["colleague"]:
            super().do(job, actor, ids)
            return
        colleague = User.objects.select_related("branch").get(pk=job.parameters["colleague"])
        if not colleague.is_active or colleague.role not in BALANCE_ROLES:
            raise Stopped(BulkProblem.NO_OWNER)
        plans = MaintenancePlan.objects.visible_to(actor).filter(pk__in=ids)
        theirs = plans.filter(customer__in=Customer.objects.visible_to(colleague))
        seen = set(theirs.values_list("pk", flat=True))
        others = [pk for pk in ids if pk not in seen]
        BulkItem.objects.filter(job=job, row_id__in=others).update(outcome=ItemOutcome.NOT_THEIRS)
        super().do(job, actor, sorted(seen))


SNOOZE = RowChange(
    Alert,
    "alert.snooze",
    OPEN_ALERT,
    {"state": f"'{AlertState.SNOOZED.value}'", "snoozed_until": "%(until)s::date"},
)
# A night does not look at what is closed: taken back on a later day, an alert could stand whose condition has gone.
DISMISS = RowChange(
    Alert,
    "alert.not_applicable",
    OPEN_ALERT,
    {
        "state": f"'{AlertState.NOT_APPLICABLE.value}'",
        "close_reason": f"'{CloseReason.NOT_APPLICABLE.value}'",
        "closed_by_id": "%(actor)s::bigint",
        "closed_on": "%(day)s::date",
        "close_note": "%(reason)s::text",
    },
    undo_days=0,
)
MOVE = RowChange(MaintenancePlan, "plan.move", OPEN_PLAN, {"due_date": "%(due_date)s::date"})
CLOSE = RowChange(
    MaintenancePlan,
    "plan.close",
    OPEN_PLAN,
    {
        "state": "%(state)s::text",
        "closed_on": "%(day)s::date",
        "closed_by_id": "%(actor)s::bigint",
        "cause": f"'{PlanCause.PERSON.value}'",
        "reason": "%(reason)s::text",
    },
)
HAND = Hand(
    MaintenancePlan,
    "plan.hand",
    OPEN_PLAN,
    {"owner_id": f"coalesce(nullif(%(colleague)s::bigint, 0), ({MAIN_OWNER}), r.owner_id)"},
    roles=frozenset({Role.BRANCH_MANAGER}),
)
