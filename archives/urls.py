from django.urls import path

from archives import plan_views, record_views, risk_views, views

app_name = "archives"
urlpatterns = [
    path("customers/<int:pk>/contacts/new/", views.contact_new, name="contact_new"),
    path("contacts/<int:pk>/unbar/", views.contact_unbar, name="contact_unbar"),
    path("customers/<int:pk>/lobby-note/", views.lobby_note, name="lobby_note"),
    path("customers/<int:pk>/risk/", risk_views.risk, name="risk"),
    path("customers/<int:pk>/archive/", record_views.record, name="record"),
    path("customers/<int:pk>/archive/history/", record_views.history, name="record_history"),
    path("customers/<int:pk>/archive/<int:value_pk>/reveal/", record_views.record_reveal, name="record_reveal"),
    path("customers/<int:pk>/archive/<slug:section>/", record_views.record_save, name="record_save"),
    path("customers/<int:pk>/plans/new/", plan_views.plan_new, name="plan_new"),
    path("plans/<int:pk>/move/", plan_views.plan_move, name="plan_move"),
    path("plans/<int:pk>/cancel/", plan_views.plan_cancel, name="plan_cancel"),
]
