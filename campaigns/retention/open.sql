-- What has matured since the published day, as it was on the eve: tonight's files are not published yet. A day between
-- two published ones has the balances of the first.
-- The base of a maturity is the customer's money of the eve, less what earlier maturities had claimed of it by then. Of
-- what matures tonight nothing has been claimed yet: an earlier one of the same night counts as matured, in no term.
WITH due AS MATERIALIZED (
    SELECT h.id AS holding_id, h.customer_id, h.branch_id, h.product_id, p.counted_class AS product_class,
           h.balance AS principal, h.maturity_date, coalesce(h.auto_rollover, false) AS auto_rollover
    FROM customers_holding h JOIN customers_product p ON p.id = h.product_id
    WHERE h.status = 'open' AND h.maturity_date > %(previous)s AND h.maturity_date <= %(as_of)s AND h.balance > 0
      AND h.funding_source = 'own' AND p.counted_in_aum
      AND p.counted_class NOT IN ('demand', 'loan', 'card', 'e_banking')
), days AS MATERIALIZED (
    SELECT DISTINCT customer_id, maturity_date FROM due
), held AS (
    SELECT d.customer_id, d.maturity_date,
           coalesce(sum(h.balance) FILTER (WHERE is_live AND is_term), 0) AS term,
           coalesce(sum(h.balance) FILTER (WHERE is_live AND NOT is_term AND p.counted_class <> 'demand'), 0) AS other,
           sum(h.balance) AS total
    FROM days d
    JOIN customers_holding h ON h.customer_id = d.customer_id AND h.funding_source = 'own'
    JOIN customers_product p ON p.id = h.product_id AND p.counted_in_aum
     AND p.counted_class NOT IN ('loan', 'card', 'e_banking')
    CROSS JOIN LATERAL (
        SELECT h.maturity_date IS NULL OR h.maturity_date >= d.maturity_date
               OR (coalesce(h.auto_rollover, false) AND h.maturity_date <= %(previous)s) AS is_live,
               p.counted_class IN ('time', 'large_cd', 'notice') AS is_term) l
    GROUP BY 1, 2
), claimed AS (
    SELECT d.customer_id, d.maturity_date,
           sum(m.renewed) FILTER (WHERE m.final_on >= d.maturity_date) AS renewed,
           sum(m.invested) FILTER (WHERE m.final_on >= d.maturity_date) AS invested,
           sum(m.gone) FILTER (WHERE m.final_on >= d.maturity_date) AS gone,
           sum(m.late_renewed) AS late_renewed, sum(m.late_invested) AS late_invested, sum(m.late_gone) AS late_gone
    FROM days d
    JOIN campaigns_maturity m ON m.customer_id = d.customer_id AND m.maturity_date <= %(previous)s
     AND m.ends_on >= d.maturity_date
    GROUP BY 1, 2
), counted AS (
    SELECT maturity_date, organization_next_workday(maturity_date) AS first_day
    FROM (SELECT DISTINCT maturity_date FROM days) d
)
INSERT INTO campaigns_maturity (
    branch_id, customer_id, holding_id, product_id, product_class, principal, maturity_date, auto_rollover,
    provisional_on, final_on, ends_on, held_branch_id, held_owner_id, renewed, invested, idle, late_renewed,
    late_invested, late_idle, base_term, base_other, base_total, late_base_term, late_base_other, late_base_total)
SELECT d.branch_id, d.customer_id, d.holding_id, d.product_id, d.product_class, d.principal, d.maturity_date,
       d.auto_rollover, w.first_day + 3, w.first_day + 7, w.first_day + 15, d.branch_id, o.owner_id,
       s.renewed, s.invested, s.idle, s.renewed, s.invested, s.idle,
       h.term - coalesce(c.renewed, 0), h.other - coalesce(c.invested, 0), h.total + coalesce(c.gone, 0),
       h.term - coalesce(c.late_renewed, 0), h.other - coalesce(c.late_invested, 0),
       h.total + coalesce(c.late_gone, 0)
FROM due d
JOIN held h ON h.customer_id = d.customer_id AND h.maturity_date = d.maturity_date
JOIN counted w ON w.maturity_date = d.maturity_date
-- As long as no file says more: what rolls over by itself has, the rest lies where it matured.
CROSS JOIN LATERAL (SELECT d.product_class IN ('time', 'large_cd', 'notice') AS is_term) k
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.auto_rollover AND is_term THEN d.principal ELSE 0 END AS renewed,
           CASE WHEN d.auto_rollover AND NOT is_term THEN d.principal ELSE 0 END AS invested,
           CASE WHEN d.auto_rollover THEN 0 ELSE d.principal END AS idle) s
LEFT JOIN claimed c ON c.customer_id = d.customer_id AND c.maturity_date = d.maturity_date
LEFT JOIN customers_ownership o ON o.customer_id = d.customer_id AND o.role = 'main' AND o.until IS NULL
ON CONFLICT (holding_id, maturity_date) DO NOTHING
