"""覆盖率: which customers want an effective contact within which cycle (DOMAIN §6).

The cycles are ours: no public source gives a frequency for every tier (DOMAIN, Gaps).
"""

UPPER_TIER = 3  # coverage is told of customers from this tier up
CYCLE_DAYS = 90
TOP_TIER = 4
TOP_CYCLE_DAYS = 30

# 档案完整度: an archive below this percent is one to be worked on.
COMPLETE_ENOUGH = 60
