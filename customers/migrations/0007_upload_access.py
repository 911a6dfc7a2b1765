from django.db import migrations, models

GUARD = """
ALTER TABLE customers_feedupload ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers_feedupload FORCE ROW LEVEL SECURITY;
CREATE POLICY own_uploads ON customers_feedupload TO crm_app USING (
  uploaded_by_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint)
  AND (SELECT current_setting('crm.role', true)) = 'admin');
REVOKE DELETE ON customers_feedupload FROM crm_app;
REVOKE ALL ON customers_feedupload FROM crm_hq;
REVOKE INSERT, UPDATE, DELETE ON customers_feedload, customers_feedreject FROM crm_app, crm_hq;
"""
UNGUARD = """
GRANT INSERT, UPDATE, DELETE ON customers_feedload, customers_feedreject TO crm_app, crm_hq;
GRANT SELECT, INSERT, UPDATE, DELETE ON customers_feedupload TO crm_hq;
GRANT DELETE ON customers_feedupload TO crm_app;
DROP POLICY IF EXISTS own_uploads ON customers_feedupload;
ALTER TABLE customers_feedupload NO FORCE ROW LEVEL SECURITY;
ALTER TABLE customers_feedupload DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    """An upload is seen by the administrator who made it; what workers write about loads, the web only reads."""

    dependencies = [("customers", "0006_feed_upload")]

    operations = [
        migrations.AddField(
            model_name="feedupload",
            name="attempts",
            field=models.SmallIntegerField(default=0),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
