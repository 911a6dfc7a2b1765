"""Numbers of schemes as people write them."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def plain(number: Decimal | int | None) -> str:
    """With thousands separators and without zeros at the end: 1234.50 is 1,234.5."""
    return "" if number is None else f"{Decimal(number).normalize():,f}"
