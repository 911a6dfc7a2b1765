from django.urls import path

from archives import plan_views, risk_views, views

app_name = "archives"
urlpatterns = [
    path("customers/<int:pk>/contacts/new/", views.contact_new, name="contact_new"),
    path("contacts/<int:pk>/unbar/", views.contact_unbar, name="contact_unbar"),
    path("customers/<int:pk>/lobby-note/", views.lobby_note, name="lobby_note"),
    path("customers/<int:pk>/risk/", risk_views.risk, name="risk"),
    path("customers/<int:pk>/plans/new/", plan_views.plan_new, name="plan_new"),
    path("plans/<int:pk>/move/", plan_views.plan_move, name="plan_move"),
    path("plans/<int:pk>/cancel/", plan_views.plan_cancel, name="plan_cancel"),
]
