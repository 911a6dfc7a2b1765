"""Every address of the product, walked from the URL configuration."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def walk(patterns: list[Any] | None = None, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """(name with its namespaces, pattern); a pattern without a name is `?`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from walk(pattern.url_patterns, inner)
        else:
            yield ":".join((*spaces, pattern.name or "?")), pattern


def names() -> list[str]:
    """Every URL name once, in order."""
    return sorted({name for name, _pattern in walk()})
