"""What the operator reads: one line in both languages, and the error that carries one."""


class EmbeddedError(Exception):
    """Something the operator can put right; the message is one line, Chinese then English, with the way out."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} / {english}")


def say(chinese: str, english: str) -> None:
    """Print one line at once, so that a log or a pipe shows it when it happens."""
    print(f"{chinese} / {english}", flush=True)
