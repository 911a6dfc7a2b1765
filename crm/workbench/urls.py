from django.urls import path

from crm.workbench import board_views, views

app_name = "workbench"
urlpatterns = [
    path("", views.today, name="today"),
    path("board/customers/", board_views.board_customers, name="board_customers"),
    path("board/alerts/<int:pk>/nudge/", board_views.nudge, name="nudge"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/timeline/", views.customer_timeline, name="timeline"),
]
