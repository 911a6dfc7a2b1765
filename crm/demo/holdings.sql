-- Accounts and holdings of every profile; what is not invested lies in the demand deposit.
CREATE TEMP TABLE demo_slot ON COMMIT DROP AS
WITH offered (slot, account_kind, code, likelihood, least_wealth, weight, rounding, rollover_share, rate) AS (
    VALUES (1, 1, 'TIME1Y', 0.45, 0, 1.0, 1000, 0.45, 1.35), (2, 1, 'TIME6M', 0.20, 0, 0.6, 1000, 0.35, 1.25),
           (3, 1, 'TIME3Y', 0.22, 0, 1.0, 1000, 0.50, 1.75), (4, 1, 'TIME3M', 0.12, 0, 0.4, 1000, 0.30, 1.05),
           (5, 1, 'CD3Y', 0.35, 300000, 1.3, 10000, 0.0, 1.90), (6, 2, 'WM-STABLE', 0.25, 20000, 0.8, 1000, 0.0, 2.40),
           (7, 2, 'WM-DAILY', 0.20, 5000, 0.4, 100, NULL, 1.90), (8, 2, 'FUND-MIX', 0.12, 10000, 0.4, 0.01, NULL, NULL),
           (9, 2, 'FUND-BOND', 0.10, 10000, 0.4, 0.01, NULL, NULL), (10, 2, 'INS-ANN', 0.08, 50000, 0.5, 1000, NULL, 2.00),
           (11, 2, 'BOND-5Y', 0.08, 20000, 0.5, 100, NULL, 2.00), (12, 2, 'GOLD', 0.05, 20000, 0.2, 0.01, NULL, NULL),
           (13, 2, 'TRUST-A', 0.30, 3000000, 1.0, 10000, NULL, 3.20), (14, 0, 'NOTICE7', 0.06, 200000, 0.4, 1000, NULL, 0.75)
), wanted AS (
    SELECT p.id, p.branch_id, p.open_date, p.wealth, o.*, o.weight * (0.3 + pg_temp.chance(p.id, 100 + o.slot)) AS pull,
           0.10 + 0.25 * p.liquidity AS kept
    FROM demo_profile p JOIN offered o ON p.wealth >= greatest(o.least_wealth, 3000)
     AND (p.is_saver OR (p.is_company AND o.slot IN (1, 2, 14)))
    WHERE pg_temp.chance(p.id, 200 + o.slot) < o.likelihood
), placed AS (
    SELECT *, floor((wealth::float8 * (1 - kept) * pull / sum(pull) OVER (PARTITION BY id)) / rounding::float8)::numeric
              * rounding AS amount
    FROM wanted
), dated AS (
    SELECT w.*, q.id AS product_id, q.term_days, pg_temp.chance(w.id, 300 + slot) < rollover_share AS rolls,
           -- A term runs out on any of its days from tomorrow on.
           CASE WHEN q.term_days IS NOT NULL
                THEN %(as_of)s::date + 1 + floor(pg_temp.chance(w.id, 400 + slot) * q.term_days)::int END AS ends
    FROM placed w JOIN customers_product q ON q.code = w.code
    WHERE amount >= greatest(rounding, coalesce(q.min_amount, 0))
), assets AS (
    SELECT id, branch_id, slot, account_kind, product_id, amount, rate, rolls AS auto_rollover, 'open' AS status,
           coalesce(greatest(ends - term_days, open_date),
                    least(%(as_of)s, open_date + floor(pg_temp.chance(id, 500 + slot) * 300)::int)) AS start_date,
           CASE WHEN ends - term_days < open_date THEN open_date + term_days ELSE ends END AS maturity_date
    FROM dated
)
SELECT * FROM assets
UNION ALL
SELECT p.id, p.branch_id, 0, 0, q.id, p.wealth - coalesce(a.invested, 0), 0.05, NULL, 'open', p.open_date, NULL
FROM demo_profile p JOIN customers_product q ON q.code = 'DEMAND'
LEFT JOIN (SELECT id, sum(amount) AS invested FROM assets GROUP BY id) a ON a.id = p.id
UNION ALL
-- Deposits of the past year that were paid out.
SELECT p.id, p.branch_id, 20, 1, q.id, 0, 1.45, false, 'closed', d.ends - 365, d.ends
FROM demo_profile p JOIN customers_product q ON q.code = 'TIME1Y'
CROSS JOIN LATERAL (SELECT %(as_of)s::date - floor(pg_temp.chance(p.id, 420) * (%(as_of)s::date - %(start)s - 1))::int) d(ends)
WHERE p.is_saver AND p.wealth >= 5000 AND pg_temp.chance(p.id, 220) < 0.25 AND p.open_date < d.ends - 365
UNION ALL
SELECT p.id, p.branch_id, o.slot, o.account_kind, q.id,
       CASE WHEN o.code LIKE 'LOAN%%' THEN round((80000 * exp(pg_temp.normal(p.id, 130 + o.slot)))::numeric, -2)
            WHEN o.code = 'CARD' THEN round((1500 * pg_temp.chance(p.id, 131))::numeric, 2) ELSE 0 END,
       CASE WHEN o.code LIKE 'LOAN%%' THEN 3.45 END, NULL, 'open', p.open_date, NULL
FROM demo_profile p
JOIN (VALUES (30, 0, 'EBANK', 0.70), (31, 0, 'CARD', 0.55), (32, 3, 'LOAN-HOME', 0.08), (33, 3, 'LOAN-BIZ', 0.03))
     AS o (slot, account_kind, code, likelihood) ON pg_temp.chance(p.id, 230 + o.slot) < o.likelihood
JOIN customers_product q ON q.code = o.code
WHERE NOT p.is_company OR o.slot = 30;

CREATE TEMP TABLE demo_account ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY customer_id, account_kind) AS id, * FROM (
    SELECT id AS customer_id, account_kind, min(branch_id) AS branch_id, min(start_date) AS open_date
    FROM demo_slot GROUP BY id, account_kind) grouped;
CREATE INDEX ON demo_account (id);
ANALYZE demo_account
