"""Why a customer may not be called, beside the rows of this layer's lists.

The rule is SQL of a layer above (archives.contactable), asked by the name of its function.
"""

from datetime import date, datetime, time

from django.db.models import Case, F, Func, JSONField, TextField, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from customers.choices import AlertKind

# What a call about an alert is for, as the rule names it; of any other kind OF_ALERT.
PURPOSE_OF_KIND = {
    AlertKind.MATURITY: "maturity",
    AlertKind.UPGRADE_CRITICAL: "critical",
    AlertKind.DOWNGRADE_CRITICAL: "critical",
}
OF_ALERT = "alert"


def purpose_of_kind() -> Case:
    """What a call about the alert of a row is for."""
    whens = [When(kind=kind, then=Value(purpose)) for kind, purpose in PURPOSE_OF_KIND.items()]
    return Case(*whens, default=Value(OF_ALERT), output_field=TextField())


class ContactBar(Func):
    """Annotation: why the customer of a row may not be called on a day, as JSON. For the rows of a page, which has
    nothing to say of the hours: they are the same for all."""

    function = "contact_bar"
    template = "to_jsonb(%(function)s(%(expressions)s))"
    output_field = JSONField()

    def __init__(self, customer: str, purpose: Combinable, day: date) -> None:
        noon = timezone.make_aware(datetime.combine(day, time(12)))
        super().__init__(F(customer), purpose, Value("phone"), Value(noon))
