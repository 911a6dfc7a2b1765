"""The tiers of the primary scheme: what pages show beside a customer."""

from functools import lru_cache

from segments.models import Tier


def primary_tiers() -> dict[int, Tier]:
    """Tiers by rank, lowest first, each with its scheme; one query."""
    tiers = Tier.objects.filter(scheme__is_primary=True).select_related("scheme").order_by("rank")
    return {tier.rank: tier for tier in tiers}


@lru_cache(maxsize=4)
def tiers_as_of(stamp: str) -> dict[int, Tier]:
    """`primary_tiers`, read once for each state of the rows: the stamp names their versions (crm/workbench/trust.sql).

    Shared by the requests of a process, so nobody may change what it returns.
    """
    return primary_tiers()
