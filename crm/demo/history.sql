-- A year of balance changes that ends in today's balances: demand deposits come and go, funds are marked, deposits are
-- opened with new money or paid out, loans are repaid.
CREATE TEMP TABLE demo_path ON COMMIT DROP AS
WITH joined AS (
    SELECT h.id, h.customer_id, h.branch_id, h.balance, h.status, q.product_class, q.counts_in_aum AS is_counted,
           greatest(h.start_date, %(start)s::date) AS since, h.start_date > %(start)s AS is_opened, h.maturity_date,
           p.wealth, p.has_payroll, p.is_saver, p.open_date, pg_temp.chance(h.id, 601) AS habit
    FROM customers_holding h JOIN customers_product q ON q.id = h.product_id JOIN demo_profile p ON p.id = h.customer_id
    WHERE h.status = 'open'
)
SELECT id, customer_id, branch_id, balance, is_counted, since, product_class,
       -- Seven of ten deposits that began within the year went on from an earlier one: no balance changed.
       is_opened AND (product_class = 'demand' OR open_date > %(start)s OR habit < 0.3) AS is_opened,
       least(%(as_of)s::date - since, round((%(as_of)s::date - since) / 365.0 * CASE
           WHEN product_class IN ('fund', 'metal') THEN 12
           WHEN product_class = 'loan' THEN 12
           WHEN product_class <> 'demand' OR wealth = 0 THEN 0
           WHEN has_payroll THEN 24
           WHEN is_saver OR wealth > 20000 THEN 4 + floor(habit * 10)::int
           WHEN habit < 0.45 THEN 0
           ELSE 1 + floor(habit * 6)::int END)::int) AS steps
FROM joined;

INSERT INTO customers_balancechange (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, old_counted,
                                     new_counted, recorded_at)
WITH levels AS (
    SELECT p.id, p.customer_id, p.branch_id, p.is_counted, p.is_opened, k,
           CASE WHEN k = 0 THEN since
                ELSE since + 1 + (k - 1) * span + floor(pg_temp.chance(p.id * 64 + k, 602) * span)::int END AS as_of,
           CASE WHEN k = steps THEN balance
                WHEN product_class = 'loan' THEN round(balance * (1 + 0.006 * (steps - k)), 2)
                WHEN product_class IN ('fund', 'metal')
                    THEN round((balance::float8 * exp(0.05 * pg_temp.normal(p.id * 64 + k, 603)))::numeric, 2)
                ELSE round((balance::float8 * (1 - 0.25 * (steps - k) / steps::float8)
                            * exp(0.32 * pg_temp.normal(p.id * 64 + k, 604)))::numeric, 2)
           END AS level
    FROM demo_path p
    CROSS JOIN LATERAL (SELECT CASE WHEN steps > 0 THEN (%(as_of)s::date - since) / steps ELSE 0 END) s(span)
    CROSS JOIN LATERAL generate_series(0, steps) k
    WHERE steps > 0 OR p.is_opened
), moves AS (
    SELECT *, coalesce(lag(level) OVER (PARTITION BY id ORDER BY k), 0) AS before FROM levels
), changes AS (
    SELECT branch_id, customer_id, id AS holding_id, as_of, before, level, is_counted
    FROM moves WHERE (k > 0 OR is_opened) AND before <> level
    UNION ALL
    SELECT h.branch_id, h.customer_id, h.id, h.maturity_date, paid.amount, 0, true
    FROM customers_holding h JOIN demo_profile p ON p.id = h.customer_id
    CROSS JOIN LATERAL (SELECT greatest(1000, floor(p.wealth::float8 * (0.05 + 0.3 * pg_temp.chance(h.id, 605)) / 1000)
                                        * 1000)::numeric) paid(amount)
    WHERE h.status = 'closed'
)
SELECT branch_id, customer_id, holding_id, as_of, before, level, CASE WHEN is_counted THEN before ELSE 0 END,
       CASE WHEN is_counted THEN level ELSE 0 END, as_of + time '22:00'
FROM changes ORDER BY customer_id, holding_id, as_of;

CREATE TEMP TABLE demo_net ON COMMIT DROP AS
SELECT customer_id, branch_id, as_of, sum(new_counted - old_counted) AS delta
FROM customers_balancechange GROUP BY customer_id, branch_id, as_of HAVING sum(new_counted - old_counted) <> 0;
CREATE INDEX ON demo_net (as_of);
ANALYZE demo_net
