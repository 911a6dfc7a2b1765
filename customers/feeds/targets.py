"""Kinds of files that layers above take in through the same door: they sign up here when the program starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customers.feeds.merge import Delivery
    from customers.models import FeedLoad


@dataclass(frozen=True)
class Target:
    """What the rows of a kind of file become, `package` being where its specifications lie (in `specs/`).

    `merge` compares the staged rows with what is there and returns how many it wrote, inside the transaction of the
    load; it may refuse rows like the merges of this package. What it writes stands at once: no night publishes it, so
    such a file waits for none and holds none back.
    """

    needed: frozenset[str]
    optional: frozenset[str]
    package: str
    merge: Callable[["Delivery", "FeedLoad"], int]


SIGNED_UP: dict[str, Target] = {}


def sign_up(name: str, target: Target) -> None:
    """Let files with this target be loaded; called once, from the `ready` of an app."""
    SIGNED_UP[name] = target
