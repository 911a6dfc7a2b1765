from django.db import migrations

from crm.db import sql_text

BACK = """
CREATE OR REPLACE FUNCTION campaigns_ledger_expire(of_customers bigint[], on_day date) RETURNS bigint LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH written AS (
        INSERT INTO public.campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, source, reason,
                                                  reference, unit_value, lot_id, at)
        SELECT branch_id, customer_id, entitlement_id, 'expire', -rest, on_day - 1, source, '',
               'expire:' || lot_id || ':' || (SELECT count(*) FROM public.campaigns_ledgerentry e
                                              WHERE e.customer_id = l.customer_id AND e.lot_id = l.lot_id),
               unit_value, lot_id, now()
        FROM public.campaigns_ledger_lots(of_customers) l WHERE expires_on < on_day
        ORDER BY customer_id, entitlement_id, lot_id
        RETURNING 1
    )
    SELECT count(*) FROM written
$$;
DROP FUNCTION campaigns_ledger_hold_all(bigint[])
"""


class Migration(migrations.Migration):
    """What the night writes off or takes back is reckoned once nobody else is using it."""

    dependencies = [("campaigns", "0009_money_in_transit")]

    operations = [migrations.RunSQL(sql_text(__package__, "0010_expiry_holds_balances"), BACK)]
