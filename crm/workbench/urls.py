from django.urls import path

from crm.workbench import board_views, bulk_views, handover_views, list_views, pool_views, printing, views

app_name = "workbench"
urlpatterns = [
    path("", views.today, name="today"),
    path("archives/quality/", board_views.archive_quality, name="archive_quality"),
    path("board/customers/", board_views.board_customers, name="board_customers"),
    path("board/alerts/<int:pk>/nudge/", board_views.nudge, name="nudge"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("customers/<int:pk>/timeline/", views.customer_timeline, name="timeline"),
    path("today/print/", printing.today_print, name="today_print"),
    path("alerts/", list_views.alerts, name="alerts"),
    path("contacts/", list_views.contacts, name="contacts"),
    path("plans/", list_views.plans, name="plans"),
    path("lists/<slug:name>/views/", list_views.view_save, name="view_save"),
    path("lists/<slug:name>/views/counts/", list_views.view_counts, name="view_counts"),
    path("lists/views/<int:pk>/delete/", list_views.view_delete, name="view_delete"),
    path("bulk/", bulk_views.job_list, name="bulk_list"),
    path("bulk/new/", bulk_views.job_new, name="bulk_new"),
    path("bulk/<int:pk>/", bulk_views.job, name="bulk"),
    path("bulk/<int:pk>/start/", bulk_views.job_start, name="bulk_start"),
    path("bulk/<int:pk>/progress/", bulk_views.job_progress, name="bulk_progress"),
    path("bulk/<int:pk>/undo/", bulk_views.job_undo, name="bulk_undo"),
    path("handovers/", handover_views.handover_list, name="handovers"),
    path("handovers/new/", handover_views.handover_new, name="handover_new"),
    path("handovers/<int:pk>/", handover_views.handover, name="handover"),
    path("handovers/<int:pk>/told/", handover_views.handover_tracker, name="handover_tracker"),
    path("handovers/<int:pk>/<slug:verb>/", handover_views.handover_change, name="handover_change"),
    path("handovers/moves/<int:pk>/told/", handover_views.move_told, name="move_told"),
    path("pool/", pool_views.pool_list, name="pool"),
    path("pool/<int:pk>/claim/", pool_views.claim, name="claim"),
    path("pool/rules/", pool_views.rules, name="pool_rules"),
    path("pool/rules/<int:pk>/", pool_views.rule, name="pool_rule"),
    path("pool/rules/<int:pk>/activate/", pool_views.rule_activate, name="pool_activate"),
    path("pool/rules/<int:pk>/batch/", pool_views.rule_batch, name="pool_batch"),
    path("customers/<int:pk>/print/", printing.customer_print, name="customer_print"),
]
