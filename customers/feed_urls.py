from django.urls import path

from customers import feed_views

app_name = "feeds"
urlpatterns = [
    path("", feed_views.feed_list, name="list"),
    path("upload/", feed_views.upload_new, name="upload_new"),
    path("templates/<slug:spec>.csv", feed_views.template, name="template"),
    path("uploads/<int:pk>/", feed_views.upload, name="upload"),
    path("uploads/<int:pk>/progress/", feed_views.upload_progress, name="progress"),
    path("uploads/<int:pk>/load/", feed_views.upload_load, name="load"),
    path("uploads/<int:pk>/discard/", feed_views.upload_discard, name="discard"),
    path("loads/<int:pk>/withdraw/", feed_views.load_withdraw, name="withdraw"),
    path("loads/<int:pk>/rejects/", feed_views.load_rejects, name="rejects"),
]
