-- What each customer is worth: three quarters have little, a quarter save, a few are companies (log-normal parts).
CREATE TEMP TABLE demo_profile ON COMMIT DROP AS
WITH drawn AS (
    SELECT id, branch_id, open_date, customer_type = 'company' AS is_company, has_payroll,
           pg_temp.chance(id, 1) AS part, pg_temp.normal(id, 2) AS spread, pg_temp.chance(id, 3) AS liquidity
    FROM customers_customer
)
SELECT id, branch_id, open_date, is_company, has_payroll,
       (NOT is_company AND part < 0.24) AS is_saver, liquidity,
       round(CASE
           WHEN is_company THEN 300000 * exp(least(spread, 4.0) * 1.9)
           WHEN part < 0.24 THEN 150000 * exp(least(spread, 4.2) * 1.62)
           WHEN part > 0.92 THEN 0
           ELSE 400 * exp(spread * 1.6) END::numeric, 2) AS wealth
FROM drawn;
ANALYZE demo_profile
