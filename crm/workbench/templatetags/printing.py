"""What paper shows otherwise than the screen: it leaves the room."""

from django import template

from crm.audit import pii

register = template.Library()


@register.filter
def masked_name(name: str) -> str:
    """A person who is no customer: masked as customers are."""
    return pii.mask_name(name)
