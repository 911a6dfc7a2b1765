"""Placeholders as whoever edits a template writes them."""

from django import template

register = template.Library()


@register.filter
def braces(path: str) -> str:
    """`{{ customer.name }}`."""
    return f"{{{{ {path} }}}}"


@register.filter
def cell(path: str) -> str:
    """`{{ row.product }}`, in a loop over rows."""
    return braces(f"row.{path}")


@register.filter
def paragraph_tag(words: str) -> str:
    """`{%p endfor %}`, in a paragraph of its own."""
    return f"{{%p {words} %}}"
