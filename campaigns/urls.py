from django.urls import path

from campaigns import call_views, views
from campaigns.retention import views as retention

app_name = "campaigns"
urlpatterns = [
    path("", views.campaign_list, name="list"),
    path("retention/", retention.page, name="retention"),
    path("new/", views.campaign_new, name="new"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/edit/", views.campaign_edit, name="edit"),
    path("<int:pk>/calls/", call_views.call_list, name="calls"),
    path("<int:pk>/calls/next/", call_views.call_next, name="call_next"),
    path("<int:pk>/calls/<int:member_pk>/", call_views.call, name="call"),
    path("<int:pk>/<slug:verb>/", views.campaign_change, name="change"),
]
