from django.db import migrations

from crm.db import sql_text

UNDO = """
DROP FUNCTION audit_append;
DROP TRIGGER append_only ON audit_auditentry;
DROP FUNCTION audit_refuse_change;
DROP POLICY own_entries ON audit_auditentry;
DROP POLICY auditor_reads ON audit_auditentry;
DROP POLICY appended ON audit_auditentry;
DROP POLICY appended ON audit_audithead;
ALTER TABLE audit_auditentry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_auditentry DISABLE ROW LEVEL SECURITY;
ALTER TABLE audit_audithead NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_audithead DISABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_auditentry, audit_audithead TO crm_app, crm_hq, crm_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(sql_text(__package__, "0002_append_only"), UNDO)]
