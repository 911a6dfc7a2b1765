from django.urls import path

from crm.workbench import views

app_name = "workbench"
urlpatterns = [
    path("", views.today, name="today"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/timeline/", views.customer_timeline, name="timeline"),
]
