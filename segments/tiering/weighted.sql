-- Weighted assets and points of whom tonight may move: each holding to come times the weight of its product.
-- The average of last month goes by balance-days: today's balance over the whole month, less each change since for
-- the days before it. Balances of before a bank's first night are taken to have stood since the customer came.
WITH schemes AS (
    SELECT s.id, s.metric, s.applies_to, t.states_of, t.is_due
    FROM unnest(%(schemes)s::bigint[], %(states_of)s::bigint[], %(due)s::boolean[]) t(id, states_of, is_due)
    JOIN segments_tierscheme s USING (id)
), looked_at AS (
    SELECT customer_id FROM night_metrics WHERE customer_id BETWEEN %(first)s AND %(last)s
    UNION
    SELECT customer_id FROM night_holding WHERE customer_id BETWEEN %(first)s AND %(last)s
    UNION
    SELECT customer_id FROM customers_metrics WHERE %(everybody)s AND customer_id BETWEEN %(first)s AND %(last)s
), wanted AS MATERIALIZED (
    SELECT l.customer_id, s.id AS scheme_id, s.metric, coalesce(nc.branch_id, c.branch_id) AS branch_id,
           coalesce(nc.open_date, c.open_date) AS open_date
    FROM looked_at l CROSS JOIN schemes s
    LEFT JOIN night_customer nc ON nc.customer_id = l.customer_id
    LEFT JOIN customers_customer c ON c.id = l.customer_id AND c.id BETWEEN %(first)s AND %(last)s
    WHERE coalesce(nc.status, c.status) = 'active'
      AND (s.applies_to = '' OR s.applies_to = coalesce(nc.customer_type, c.customer_type))
      AND (s.is_due OR NOT EXISTS (SELECT FROM segments_tierstate t WHERE t.scheme_id = s.states_of
                                                                  AND t.customer_id = l.customer_id))
), people AS MATERIALIZED (
    SELECT DISTINCT customer_id, open_date FROM wanted
), weights AS (  -- the product's own row before that of its class
    SELECT DISTINCT ON (s.id, p.id) s.id AS scheme_id, p.id AS product_id, w.per_yuan, w.each,
           coalesce(q.counts_in_aum, p.counted_in_aum) OR class.name IN ('loan', 'card', 'e_banking') AS counts,
           class.name IN ('loan', 'card', 'e_banking') AS is_no_asset
    FROM customers_product p LEFT JOIN night_product q ON q.product_id = p.id
    CROSS JOIN LATERAL (SELECT coalesce(q.product_class, p.counted_class) AS name) class
    CROSS JOIN schemes s
    JOIN segments_schemeweight w ON w.scheme_id = s.id AND (w.product_id = p.id OR w.product_class = class.name)
    ORDER BY s.id, p.id, w.product_id NULLS LAST
), held AS MATERIALIZED (
    SELECT h.customer_id, h.id AS holding_id, h.product_id, h.balance, h.funding_source,
           CASE WHEN h.status = 'open' THEN h.product_count ELSE 0 END AS products
    FROM people p JOIN customers_holding h ON h.customer_id = p.customer_id
    WHERE NOT EXISTS (SELECT FROM night_holding n WHERE n.holding_id = h.id)
    UNION ALL
    SELECT n.customer_id, n.holding_id, n.product_id, n.balance, n.funding_source,
           CASE WHEN n.status = 'open' THEN n.product_count ELSE 0 END
    FROM people p JOIN night_holding n USING (customer_id)
), changed AS MATERIALIZED (  -- balance-days of last month that a change since then takes from the balance of today
    SELECT holding_id, sum(change * greatest(0, least(stood_from, %(month_start)s) - %(last_month_start)s)) AS not_held
    FROM (
        SELECT c.holding_id, c.new_balance - c.old_balance AS change,
               CASE WHEN c.as_of <= %(first_night)s THEN coalesce(p.open_date, '1900-01-01') ELSE c.as_of END AS stood_from
        FROM people p JOIN customers_balancechange c ON c.customer_id = p.customer_id
        WHERE %(averages)s AND (c.as_of >= %(last_month_start)s OR c.as_of <= %(first_night)s)
        UNION ALL
        SELECT n.holding_id, n.balance - n.old_balance,
               CASE WHEN %(is_first)s THEN coalesce(p.open_date, '1900-01-01') ELSE %(as_of)s END
        FROM people p JOIN night_holding n USING (customer_id) WHERE %(averages)s
    ) moved GROUP BY holding_id
)
INSERT INTO night_measure (scheme_id, customer_id, branch_id, value)
SELECT w.scheme_id, w.customer_id, w.branch_id,
       trunc(coalesce(sum(
           CASE WHEN NOT k.counts OR (NOT k.is_no_asset AND h.funding_source <> 'own') THEN 0
                WHEN w.metric = 'weighted_last_month'
                    THEN k.per_yuan * (h.balance * %(last_month_days)s - coalesce(c.not_held, 0)) / %(last_month_days)s
                ELSE k.per_yuan * h.balance END
           + CASE WHEN w.metric = 'points' THEN k.each * h.products ELSE 0 END), 0), 2)
FROM wanted w
LEFT JOIN held h ON h.customer_id = w.customer_id
LEFT JOIN weights k ON k.scheme_id = w.scheme_id AND k.product_id = h.product_id
LEFT JOIN changed c ON c.holding_id = h.holding_id
GROUP BY w.scheme_id, w.customer_id, w.branch_id
