"""What the security tests measured, for security-report.json (tests/security/report.py writes it)."""

from collections import Counter

FIGURES: Counter[str] = Counter()
