from django.urls import path

from segments import tier_views

app_name = "tiers"
urlpatterns = [
    path("schemes/", tier_views.schemes, name="schemes"),
    path("schemes/<int:pk>/", tier_views.scheme, name="scheme"),
]
