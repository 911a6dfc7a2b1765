from django.urls import path

from archives import calendar_views, inspection_views, plan_views, record_views, risk_views, views

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
    path("plans/calendar/", calendar_views.calendar, name="calendar"),
    path("plans/calendar/spread/", calendar_views.spread, name="spread"),
    path("plans/calendar/hand/", calendar_views.hand, name="hand"),
    path("plans/calendar/subscribe/", calendar_views.subscribe, name="subscribe"),
    path("plans/feed/<str:token>.ics", calendar_views.feed, name="feed"),
    path("plans/<int:pk>/", calendar_views.plan, name="plan"),
    path("plans/<int:pk>/move/", plan_views.plan_move, name="plan_move"),
    path("plans/<int:pk>/cancel/", plan_views.plan_cancel, name="plan_cancel"),
    path("archives/inspections/", inspection_views.inspection_list, name="inspection_list"),
    path("archives/inspections/draw/", inspection_views.inspection_draw, name="inspection_draw"),
    path("archives/inspections/<int:pk>/", inspection_views.inspection, name="inspection"),
    path("archives/inspections/<int:pk>/verdict/", inspection_views.inspection_judge, name="inspection_judge"),
    path("archives/inspections/<int:pk>/resubmit/", inspection_views.inspection_resubmit, name="inspection_resubmit"),
]
