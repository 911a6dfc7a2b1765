"""How many rows the tabs of a list hold, all in one statement, and none beyond the cap."""

from datetime import date

from crm.organization.access import scope_of
from crm.organization.models import Branch, User
from customers.lists import saved
from customers.lists.shape import COUNT_CAP, Shape, capped_count


def counts_of(shape: Shape, user: User, day: date) -> dict[int, tuple[int, bool]]:
    """view id → (number, is capped) of the pinned views; nothing for the head office, where counting reads the bank."""
    scope = scope_of(user)
    if scope is None or scope.is_head_office:
        return {}
    views = [view for view in saved.views_for(user, shape.name) if view.is_pinned][: saved.MOST_TABS]
    asked = {
        f"view_{view.pk}": capped_count(shape.filters(view.filters(), user=user, day=day).matching) for view in views
    }
    row = Branch.objects.filter(pk=user.branch_id).annotate(**asked).values(*asked).first() if asked else None
    found = {view.pk: row[f"view_{view.pk}"] for view in views} if row else {}
    return {pk: (min(number, COUNT_CAP), number > COUNT_CAP) for pk, number in found.items()}
