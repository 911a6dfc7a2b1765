"""四季法则: the calendar of the quarters with its playbooks, and the targets of a season with their progress."""
