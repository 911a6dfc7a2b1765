-- The nightly numbers, with balance-days from the changes themselves; before its first change a balance has stood
-- since the customer came.
INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                               quarter_days, last_month_days, tier)
WITH summed AS (
    SELECT h.customer_id, sum(h.balance) FILTER (WHERE q.counts_in_aum) AS aum,
           sum(h.balance) FILTER (WHERE q.product_class IN ('demand', 'time', 'large_cd', 'notice')) AS deposit,
           sum(h.balance) FILTER (WHERE q.product_class = 'loan') AS loan,
           sum(h.product_count) FILTER (WHERE h.status = 'open') AS products
    FROM customers_holding h JOIN customers_product q ON q.id = h.product_id GROUP BY h.customer_id
), moved AS (
    SELECT customer_id, max(as_of) AS last_day FROM demo_net GROUP BY customer_id
), periods AS (
    SELECT c.id, c.branch_id, c.open_date, coalesce(s.aum, 0) AS aum, coalesce(s.deposit, 0) AS deposit,
           coalesce(s.loan, 0) AS loan, coalesce(s.products, 0) AS products, since.day AS since_date,
           date_trunc('month', since.day::timestamp)::date AS month_start,
           (date_trunc('month', since.day::timestamp) - interval '1 month')::date AS last_month_start,
           date_trunc('quarter', since.day::timestamp)::date AS quarter_start
    FROM demo_profile c LEFT JOIN summed s ON s.customer_id = c.id LEFT JOIN moved m ON m.customer_id = c.id
    CROSS JOIN LATERAL (SELECT coalesce(m.last_day, greatest(%(start)s::date, c.open_date))) since(day)
), moves AS (
    SELECT n.customer_id,
           sum(delta) FILTER (WHERE as_of >= month_start) AS since_month,
           sum(delta) FILTER (WHERE as_of >= quarter_start) AS since_quarter,
           sum(delta) FILTER (WHERE as_of >= last_month_start) AS since_last_month,
           sum(delta * (since_date - as_of)) FILTER (WHERE as_of >= month_start) AS month_gain,
           sum(delta * (since_date - as_of)) FILTER (WHERE as_of >= quarter_start) AS quarter_gain,
           sum(delta * (month_start - as_of)) FILTER (WHERE as_of >= last_month_start AND as_of < month_start)
               AS last_month_gain
    FROM demo_net n JOIN periods p ON p.id = n.customer_id
    WHERE n.as_of >= least(last_month_start, quarter_start)
    GROUP BY n.customer_id
)
SELECT id, branch_id, aum, deposit, loan, products, since_date,
       (aum - coalesce(since_month, 0)) * greatest(0, since_date - greatest(month_start, open_date))
           + coalesce(month_gain, 0),
       (aum - coalesce(since_quarter, 0)) * greatest(0, since_date - greatest(quarter_start, open_date))
           + coalesce(quarter_gain, 0),
       (aum - coalesce(since_last_month, 0)) * greatest(0, month_start - greatest(last_month_start, open_date))
           + coalesce(last_month_gain, 0),
       0
FROM periods LEFT JOIN moves ON moves.customer_id = periods.id
ORDER BY id
