"""The web role gets every new table to write; here it keeps that only where a page, a sign-in or the admin site writes.

At the end of the graph, since it speaks of every app's tables; tests/security/test_privileges.py asks for each.
"""

from django.db import migrations

from crm.db import web_writes

READ_ONLY = (
    # by the night and the files
    "customers_account", "customers_accountholder", "customers_balancechange", "customers_holding", "customers_metrics",
    "segments_dayfigure", "segments_monthmoves", "segments_owneralerts", "segments_ownerdue", "segments_ownertier",
    "segments_tierchange", "segments_tierstate",
    "jobs_heartbeat", "jobs_jobchunk", "jobs_jobrun", "jobs_jobstep",
    # by migrations
    "auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations",
    # by nobody
    "axes_accessfailurelog",
)  # fmt: skip
WRITTEN = {
    "archives_contactlog": "INSERT, UPDATE",
    "archives_maintenanceplan": "INSERT, UPDATE",
    "axes_accessattempt": "INSERT, UPDATE, DELETE",
    "axes_accessattemptexpiration": "DELETE",  # with the attempt
    "axes_accesslog": "INSERT, UPDATE",
    "customers_alert": "UPDATE",
    "customers_alertrule": "INSERT, UPDATE",
    "customers_bulkitem": "INSERT, UPDATE",
    "customers_bulkjob": "INSERT, UPDATE",
    "customers_customer": "UPDATE",
    "customers_household": "INSERT",
    "customers_nudge": "INSERT",
    "customers_ownership": "INSERT, UPDATE",
    "customers_product": "INSERT, UPDATE",
    "customers_relation": "INSERT, DELETE",
    "customers_savedview": "INSERT, UPDATE, DELETE",
    "customers_star": "INSERT, DELETE",
    "django_admin_log": "INSERT",
    "django_session": "INSERT, UPDATE, DELETE",
    "organization_branch": "INSERT, UPDATE",
    "organization_contactcadence": "INSERT, UPDATE",
    "organization_daytarget": "INSERT, UPDATE",
    "organization_user": "INSERT, UPDATE",
    "segments_tier": "INSERT, UPDATE, DELETE",
    "segments_tierscheme": "INSERT, UPDATE",
}


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("archives", "0006_lobby_reception"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("customers", "0013_nudge"),
        ("jobs", "0002_published_at"),
        ("organization", "0003_work_standards"),
        ("segments", "0007_tier_before"),
        ("sessions", "0001_initial"),
    ]

    operations = [web_writes(dict.fromkeys(READ_ONLY, "") | WRITTEN)]
