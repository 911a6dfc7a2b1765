from django.urls import path

from campaigns import call_views, result_views, views
from campaigns.retention import views as retention

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", views.campaign_list, name="list"),
    path("retention/", retention.page, name="retention"),
    path("campaigns/new/", views.campaign_new, name="new"),
    path("campaigns/<int:pk>/", views.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", views.campaign_edit, name="edit"),
    path("campaigns/<int:pk>/calls/", call_views.call_list, name="calls"),
    path("campaigns/<int:pk>/calls/next/", call_views.call_next, name="call_next"),
    path("campaigns/<int:pk>/calls/<int:member_pk>/", call_views.call, name="call"),
    path("campaigns/<int:pk>/result/", result_views.campaign_result, name="result"),
    path("campaigns/<int:pk>/result/file/", result_views.result_file, name="result_file"),
    path("campaigns/<int:pk>/<slug:verb>/", views.campaign_change, name="change"),
]
