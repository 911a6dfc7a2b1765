"""What every action over many rows is."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from django.db.models import QuerySet

from crm.organization.access import ScopedQuerySet
from crm.organization.models import User
from customers.choices import BulkProblem, ListName
from customers.models import BulkJob

Ids = Sequence[int]
UNDO_DAYS = 7
EVERY_LIST = frozenset(ListName.values)


class Stopped(Exception):
    """The job cannot go on; `problem` says why."""

    def __init__(self, problem: BulkProblem) -> None:
        super().__init__(problem.label)
        self.problem = problem


class Action(Protocol):
    """One kind of job: whose it is (`roles`), on which `lists` it stands, and how long it can be undone."""

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def lists(self) -> frozenset[str]: ...

    @property
    def undo_days(self) -> int: ...

    def rows(self, actor: User) -> ScopedQuerySet[Any]:
        """What it may act on: the actor's customers, alerts or plans."""
        ...

    def meant(self, job: BulkJob, actor: User) -> QuerySet[Any] | None:
        """What it acts on where that was laid down beforehand; None where the list says so. Raises Stopped."""
        ...

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        """Act on a chunk of those rows, which are locked, and set the outcome of their items. Raises Stopped."""
        ...

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        """Undo it, as far as nobody has changed it since."""
        ...

    def finish(self, job: BulkJob, actor: User) -> None:
        """Whatever is left when every row was handled, in the transaction that ends the job."""
        ...


class OfList:
    """An action over what a list holds when it runs, with nothing left to do at its end."""

    def meant(self, job: BulkJob, actor: User) -> QuerySet[Any] | None:
        return None

    def finish(self, job: BulkJob, actor: User) -> None:
        return
