from django.urls import path

from campaigns.retention import views as retention

app_name = "campaigns"
urlpatterns = [
    path("retention/", retention.page, name="retention"),
]
