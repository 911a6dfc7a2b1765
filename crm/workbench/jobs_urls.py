from django.urls import path

from crm.workbench import jobs

app_name = "jobs"
urlpatterns = [
    path("", jobs.job_list, name="list"),
    path("<int:pk>/", jobs.job, name="run"),
    path("<int:pk>/progress/", jobs.job_progress, name="progress"),
    path("<int:pk>/rerun/", jobs.job_rerun, name="rerun"),
]
