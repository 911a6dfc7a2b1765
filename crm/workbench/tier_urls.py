from django.urls import path

from crm.workbench import tier_views

app_name = "tiers"
urlpatterns = [
    path("", tier_views.index, name="index"),
    path("moves/", tier_views.moves_page, name="moves"),
    path("gaps/", tier_views.gaps_page, name="gaps"),
]
