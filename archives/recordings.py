"""双录: sales of some classes are recorded in the bank's own system; here the number is kept, and nothing else."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import CharField, F, Q, Value
from django.utils.translation import gettext as _

from archives.choices import Outcome
from customers.choices import ProductClass
from customers.models import Product, ProductClassRule

BETWEEN = re.compile(r"[\s,，、;；/+]+")


def fault_in(data: Mapping[str, Any]) -> str:
    """Why a contact cannot be kept with the recording number that it has, or without one; empty where it can."""
    number, said = data.get("recording_no", ""), data.get("products", "")
    if data.get("outcome") != Outcome.SOLD:
        return _("Only a sale has a recording: choose “Sold”, or leave the number out.") if number else ""
    kind = "" if number else recorded_class(said)
    if kind:
        words = {"kind": ProductClass(kind).label}
        return _("Sales of this kind are recorded (%(kind)s): write the number of the recording.") % words
    return ""


def recorded_class(said: str) -> str:
    """The first class whose sales are recorded and which is named: by a word for it, or by one of its products' name or
    code; empty where none is."""
    if not said:
        return ""
    rules = list(ProductClassRule.objects.filter(needs_recording=True).order_by("pk"))
    for rule in rules:
        if any(word in said.casefold() for word in BETWEEN.split(rule.words.casefold()) if word):
            return rule.product_class
    named = Q(code__in=BETWEEN.split(said)) | Q(said__icontains=F("name"))
    sold = Product.objects.filter(product_class__in=[rule.product_class for rule in rules])
    found = sold.annotate(said=Value(said, CharField())).filter(named).order_by("pk")
    return found.values_list("product_class", flat=True).first() or ""
