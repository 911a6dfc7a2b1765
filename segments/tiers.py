"""The tiers of the primary scheme: what pages show beside a customer."""

from segments.models import Tier


def primary_tiers() -> dict[int, Tier]:
    """Tiers by rank, lowest first, each with its scheme; one query."""
    tiers = Tier.objects.filter(scheme__is_primary=True).select_related("scheme").order_by("rank")
    return {tier.rank: tier for tier in tiers}
