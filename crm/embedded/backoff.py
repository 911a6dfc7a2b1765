"""How long to wait before a child that died is started again."""

FIRST = 1.0
LONGEST = 30.0
HEALTHY_AFTER = 60.0


class Backoff:
    """1, 2, 4 … 30 seconds; a child that has lived for a minute starts over at 1."""

    def __init__(self) -> None:
        self._next = FIRST

    def delay(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds."""
        if lived >= HEALTHY_AFTER:
            self._next = FIRST
        wait = self._next
        self._next = min(self._next * 2, LONGEST)
        return wait
