-- The nightly numbers of new customers; the tier follows when tiers are published.
INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                               quarter_days, last_month_days, tier)
SELECT customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days, quarter_days, last_month_days, 0
FROM night_metrics WHERE is_new
