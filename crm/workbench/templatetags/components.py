"""Components with a body: `{% load components %}`, then `{% drawer title %}…{% enddrawer %}`.

Each draws templates/components/<name>.html, where `content` is what stands between the two tags. Components without a
body are plain includes of the same folder. The page /_components/ shows all of them.
"""

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


def drawn(context: template.Context, name: str, content: str, **names: Any) -> SafeString:
    """The component with the page's own context, so that it can use `request` and the CSRF token."""
    page = context.template
    assert page is not None, "a tag is only drawn while a template is"
    with context.push(content=content, **names):
        # What a template draws has been escaped by it.
        return mark_safe(page.engine.get_template(f"components/{name}.html").render(context))  # noqa: S308


@register.simple_block_tag(takes_context=True)
def page_header(context: template.Context, content: str, title: str, facts: str = "") -> SafeString:
    """The title, one line of facts and, in the body, `<span class="facts">` with markup or `<div class="actions">`."""
    return drawn(context, "page_header", content, title=title, facts=facts)


@register.simple_block_tag(takes_context=True)
def filter_bar(
    context: template.Context, content: str, action: str, target: str = "", is_set: bool = False
) -> SafeString:
    """A GET form of chips. `target` is the id of the part that is exchanged at each change; without JavaScript the
    form has a button. `is_set` offers to clear."""
    return drawn(context, "filter_bar", content, action=action, target=target, is_set=is_set)


@register.simple_block_tag(takes_context=True)
def data_table(context: template.Context, content: str, label: str, css: str = "") -> SafeString:
    """A table whose head stays in sight; the body is its `<thead>` and `<tbody>`. `label` is for screen readers."""
    return drawn(context, "data_table", content, label=label, css=css)


@register.simple_block_tag(takes_context=True)
def drawer(context: template.Context, content: str, title: str, note: str = "") -> SafeString:
    """The answer to an htmx request with `hx-target="#drawer"`. The body is a `drawer-body` and a `drawer-foot`; what
    carries `data-focus` is focused, and closing gives the focus back."""
    return drawn(context, "drawer", content, title=title, note=note)


@register.simple_block_tag(takes_context=True)
def confirm(
    context: template.Context, content: str, action: str, label: str, title: str, icon_name: str = "", css: str = "",
    seen: str = "",
) -> SafeString:  # fmt: skip
    """A button that asks before it posts to `action`, with what the page has shown as `seen`; the body says what will
    happen. Works without JavaScript."""
    told = {"action": action, "label": label, "title": title, "icon_name": icon_name, "css": css, "seen": seen}
    return drawn(context, "confirm", content, **told)
