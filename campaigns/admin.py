"""In the Django admin site: the parameters of the lobby."""

from django.contrib import admin

from campaigns.prospects.models import LobbyRule
from crm.audit.configuration import RecordedAdmin


@admin.register(LobbyRule)
class LobbyRuleAdmin(RecordedAdmin):
    """A change is a row with a later day."""

    list_display = (
        "effective_from", "answer_minutes", "most_asked", "success_days", "across_days", "keep_days",
        "referrals_a_day", "source",
    )  # fmt: skip
    ordering = ("-effective_from",)
