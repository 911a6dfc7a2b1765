"""到期承接: what became of every maturity, read by the night from the customer's own holdings (docs/retention.md)."""
