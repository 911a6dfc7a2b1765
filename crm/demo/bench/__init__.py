"""`manage.py bench`: what the product costs, beside floors taken in the same run (docs/performance.md)."""
