"""The same seed and date give the same bank, whatever was in the tables before."""

from crm import db
from crm.demo.build import Plan, build
from tests.conftest import Layout, empty_database
from tests.demo.plans import AS_OF

HASHES = """
SELECT (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM (
            SELECT id, customer_id, balance, start_date, maturity_date FROM customers_holding) t) AS holdings,
       (SELECT md5(string_agg(t::text, ',' ORDER BY customer_id, holding_id, as_of)) FROM (
            SELECT customer_id, holding_id, as_of, old_balance, new_balance FROM customers_balancechange) t)
           AS changes,
       (SELECT md5(string_agg(t::text, ',' ORDER BY customer_id)) FROM (
            SELECT customer_id, aum, since_date, month_days, quarter_days, last_month_days FROM customers_metrics) t)
           AS metrics
"""


def test_the_same_seed_gives_the_same_money(database: None, layout: Layout) -> None:
    found = []
    for seed in (3, 3, 4):
        build(Plan(customers=200, seed=seed, as_of=AS_OF, with_secrets=False))
        found.append(db.fetch_all(HASHES)[0])
        empty_database(layout)
    assert found[0] == found[1]
    assert found[0]["changes"] != found[2]["changes"]
