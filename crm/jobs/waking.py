"""Messages that only wake a worker: what is to be done stands in the database."""

from typing import Any

from kombu.exceptions import OperationalError

# A wake-up that nobody took until the next sweep is stale: the sweep sends another.
WAKE_SECONDS = 50


def tell(task: Any, *arguments: int, expires: int | None = WAKE_SECONDS) -> None:
    """Send the message; without a broker whoever looks at the database next does the work: a sweep, or the night.

    `expires` in seconds; None where no sweep would send another.
    """
    try:
        task.apply_async(arguments, expires=expires, retry=False)
    except OperationalError:
        return
