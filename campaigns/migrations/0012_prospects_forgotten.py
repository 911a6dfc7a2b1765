from django.db import migrations

from crm.db import sql_text

# What the web may empty when somebody withdraws their consent; triggers hold it to that.
ERASED = {
    "campaigns_prospect": "name, name_mask, sex, mobile_index, mobile_mask, id_no_index, note, introduced_by_id, forgotten_on",
    "campaigns_prospectstep": "note",
    "campaigns_referral": "note",
}
GRANT = "".join(f"GRANT UPDATE ({columns}) ON {table} TO crm_app, crm_hq;\n" for table, columns in ERASED.items())
REVOKE = "".join(f"REVOKE UPDATE ({columns}) ON {table} FROM crm_app, crm_hq;\n" for table, columns in ERASED.items())
DROP = """
DROP TRIGGER note_is_only_erased ON campaigns_referral;
DROP TRIGGER note_is_only_erased ON campaigns_prospectstep;
DROP TRIGGER prospect_is_only_forgotten ON campaigns_prospect;
DROP FUNCTION campaigns_erase_notes_of_forgotten();
DROP FUNCTION campaigns_refuse_to_rewrite();
DROP FUNCTION campaigns_forget(bigint[], date, timestamptz);
"""


class Migration(migrations.Migration):
    """Who withdraws the consent is forgotten at once, by the same statement with which the night forgets."""

    dependencies = [("campaigns", "0011_cells_of_many")]

    operations = [
        migrations.RunSQL(sql_text(__package__, "0012_prospects_forgotten"), DROP),
        migrations.RunSQL(GRANT, REVOKE),
    ]
