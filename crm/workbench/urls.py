from django.urls import path

from crm.workbench import printing, views

app_name = "workbench"
urlpatterns = [
    path("", views.today, name="today"),
    path("today/print/", printing.today_print, name="today_print"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/print/", printing.customer_print, name="customer_print"),
]
