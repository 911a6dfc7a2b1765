"""The nightly planner: who is to be contacted for what and when, as rows of maintenance plans."""
