"""The made-up bank is consistent: money adds up, balance-days follow from the changes, numbers are nobody's twice."""

from datetime import date

from crm import db
from crm.demo.build import Plan, build

AS_OF = date(2026, 11, 22)


def test_smoke(database: None) -> None:
    built = build(Plan(3000, 7, AS_OF))
    print(built.seconds)
    print(db.fetch_all("SELECT tier, count(*), sum(aum) FROM customers_metrics GROUP BY 1 ORDER BY 1"))
    print(db.fetch_all("SELECT count(*) h, count(DISTINCT customer_id) c FROM customers_holding"))
    print(db.fetch_all("SELECT count(*) FROM customers_balancechange"))
    print(db.fetch_all("SELECT kind, state, count(*) FROM customers_alert group by 1,2"))
    print(db.fetch_all("SELECT scheme_id, cause, count(*) FROM segments_tierchange group by 1,2"))
    print(
        db.fetch_all(
            "SELECT as_of, scheme_id, sum(customers) c, sum(aum) FROM segments_dayfigure where as_of >= '2026-11-20' group by 1,2 order by 1,2"
        )
    )
    print(db.fetch_all("SELECT count(*) FROM archives_contactlog"))
