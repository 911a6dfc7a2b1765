"""Numbers of schemes as people write them."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def plain(number: Decimal | int | None) -> str:
    """Without zeros at the end: 12.50 is 12.5."""
    return "" if number is None else f"{Decimal(number).normalize():f}"
