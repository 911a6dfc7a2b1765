-- The nightly numbers of customers known before, where they differ.
UPDATE customers_metrics m SET
    branch_id = n.branch_id, aum = n.aum, deposit = n.deposit, loan = n.loan, product_count = n.product_count,
    since_date = n.since_date, month_days = n.month_days, quarter_days = n.quarter_days,
    last_month_days = n.last_month_days
FROM night_metrics n
WHERE m.customer_id = n.customer_id AND NOT n.is_new
  AND (m.branch_id, m.aum, m.deposit, m.loan, m.product_count, m.since_date, m.month_days, m.quarter_days,
       m.last_month_days)
   <> (n.branch_id, n.aum, n.deposit, n.loan, n.product_count, n.since_date, n.month_days, n.quarter_days,
       n.last_month_days)
