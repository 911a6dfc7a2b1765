from django.urls import path

from crm.workbench import tier_draft_views, tier_views
from segments import tier_views as scheme_views

app_name = "tiers"
urlpatterns = [
    path("schemes/", scheme_views.schemes, name="schemes"),
    path("schemes/<int:pk>/", scheme_views.scheme, name="scheme"),
    path("", tier_views.index, name="index"),
    path("moves/", tier_views.moves_page, name="moves"),
    path("gaps/", tier_views.gaps_page, name="gaps"),
    path("drafts/", tier_draft_views.draft_list, name="drafts"),
    path("drafts/new/", tier_draft_views.draft_new, name="draft_new"),
    path("drafts/<int:pk>/", tier_draft_views.draft, name="draft"),
    path("drafts/<int:pk>/progress/", tier_draft_views.draft_progress, name="draft_progress"),
    path("drafts/<int:pk>/decide/", tier_draft_views.draft_decide, name="draft_decide"),
]
