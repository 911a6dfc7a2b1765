from django.urls import path

from customers import views
from customers.reveal import reveal

app_name = "customers"
urlpatterns = [
    path("", views.customer_list, name="list"),
    path("search/", views.search, name="search"),
    path("alerts/<int:pk>/snooze/", views.alert_snooze, name="alert_snooze"),
    path("alerts/<int:pk>/not-applicable/", views.alert_not_applicable, name="alert_not_applicable"),
    path("<int:pk>/reveal/<slug:field>/", reveal, name="reveal"),
    path("<int:pk>/accounts/<int:account_pk>/reveal/", reveal, name="reveal_account"),
]
