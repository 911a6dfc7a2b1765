"""Averages of a customer's AUM from the balance-days of customers.Metrics (DOMAIN §6), as SQL functions.

Plain SQL and immutable, so that the planner inlines them. Results are cut, not rounded, to the fen: 49,999.996 is
below a threshold of 50,000. `customers/averages.py` holds the same formulas for one customer.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION month_balance_days(aum numeric, since date, month_days numeric, as_of date) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN since >= date_trunc('month', as_of::timestamp)::date
              THEN month_days + aum * (as_of - since + 1)
              ELSE aum * extract(day FROM as_of) END $$;

CREATE FUNCTION month_average(aum numeric, since date, month_days numeric, as_of date) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT trunc(month_balance_days(aum, since, month_days, as_of) / extract(day FROM as_of), 2) $$;

CREATE FUNCTION projected_month_average(aum numeric, since date, month_days numeric, as_of date) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT month_average(aum, since, month_days,
                       (date_trunc('month', as_of::timestamp) + interval '1 month - 1 day')::date) $$;

CREATE FUNCTION last_month_average(aum numeric, since date, month_days numeric, last_month_days numeric, as_of date)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN since >= date_trunc('month', as_of::timestamp)::date
      THEN trunc(last_month_days / extract(day FROM date_trunc('month', as_of::timestamp) - interval '1 day'), 2)
    WHEN since >= (date_trunc('month', as_of::timestamp) - interval '1 month')::date
      THEN month_average(aum, since, month_days, (date_trunc('month', as_of::timestamp) - interval '1 day')::date)
    ELSE aum END $$;

CREATE FUNCTION quarter_average(aum numeric, since date, quarter_days numeric, as_of date) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN since >= date_trunc('quarter', as_of::timestamp)::date
              THEN trunc((quarter_days + aum * (as_of - since + 1))
                         / (as_of - date_trunc('quarter', as_of::timestamp)::date + 1), 2)
              ELSE aum END $$;
"""
BACKWARD = """
DROP FUNCTION quarter_average(numeric, date, numeric, date);
DROP FUNCTION last_month_average(numeric, date, numeric, numeric, date);
DROP FUNCTION projected_month_average(numeric, date, numeric, date);
DROP FUNCTION month_average(numeric, date, numeric, date);
DROP FUNCTION month_balance_days(numeric, date, numeric, date);
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_alert_rules")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
