from django.urls import path

from customers import views
from customers.reveal import reveal

app_name = "customers"
urlpatterns = [
    path("", views.customer_list, name="list"),
    path("search/", views.search, name="search"),
    path("at-hand/", views.at_hand, name="at_hand"),
    path("<int:pk>/star/", views.star, name="star"),
    path("alerts/<int:pk>/snooze/", views.alert_snooze, name="alert_snooze"),
    path("alerts/<int:pk>/not-applicable/", views.alert_not_applicable, name="alert_not_applicable"),
    path("alerts/<int:pk>/reopen/", views.alert_reopen, name="alert_reopen"),
    path("<int:pk>/relations/new/", views.relation_new, name="relation_new"),
    path("<int:pk>/relations/<int:relation_pk>/remove/", views.relation_remove, name="relation_remove"),
    path("<int:pk>/household/leave/", views.household_leave, name="household_leave"),
    path("<int:pk>/owner/", views.owner_change, name="owner"),
    path("<int:pk>/reveal/<slug:field>/", reveal, name="reveal"),
    path("<int:pk>/accounts/<int:account_pk>/reveal/", reveal, name="reveal_account"),
]
