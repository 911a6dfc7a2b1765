"""Passwords that the system makes up; whoever gets one changes it."""

import secrets

# Without characters that are easily mistaken for one another.
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 14


def new_password() -> str:
    """A random password."""
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))
