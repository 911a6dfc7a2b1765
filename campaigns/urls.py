from django.urls import path

from campaigns import call_views, result_views, views

app_name = "campaigns"
urlpatterns = [
    path("", views.campaign_list, name="list"),
    path("new/", views.campaign_new, name="new"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/edit/", views.campaign_edit, name="edit"),
    path("<int:pk>/calls/", call_views.call_list, name="calls"),
    path("<int:pk>/calls/next/", call_views.call_next, name="call_next"),
    path("<int:pk>/calls/<int:member_pk>/", call_views.call, name="call"),
    path("<int:pk>/result/", result_views.campaign_result, name="result"),
    path("<int:pk>/result/file/", result_views.result_file, name="result_file"),
    path("<int:pk>/<slug:verb>/", views.campaign_change, name="change"),
]
