from django.urls import path

from segments import views

app_name = "segments"
urlpatterns = [
    path("", views.segment_list, name="list"),
    path("new/", views.segment_new, name="new"),
    path("overlap/", views.overlap, name="overlap"),
    path("<int:pk>/", views.segment, name="segment"),
    path("<int:pk>/rule/", views.rule, name="rule"),
    path("<int:pk>/compare/", views.compare, name="compare"),
    path("<int:pk>/playbook/", views.playbook, name="playbook"),
    path("<int:pk>/freeze/", views.freeze, name="freeze"),
    path("<int:pk>/active/", views.active, name="active"),
    path("<int:pk>/versions/<int:number>/", views.decide, name="decide"),
    path("customers/<int:pk>/profiling/", views.profiling, name="profiling"),
    path("customers/<int:pk>/grades/<slug:code>/", views.grade, name="grade"),
]
