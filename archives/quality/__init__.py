"""维护质量 I-9: find contacts that were ticked off rather than made, show authors first, let their managers judge."""
