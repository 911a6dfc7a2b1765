-- The score, from 1 to 100, of whom tonight may move: what each factor of the scheme gives for its measure. 0 says
-- that a factor forbids one (of scores that only make a place, any from 0 to 100). `segments/measures.py` reckons the same for one customer, with its parts.
WITH schemes AS (
    SELECT s.id, s.applies_to, t.states_of, t.is_due
    FROM unnest(%(schemes)s::bigint[], %(states_of)s::bigint[], %(due)s::boolean[]) t(id, states_of, is_due)
    JOIN segments_tierscheme s USING (id)
), looked_at AS (
    SELECT customer_id, aum, deposit, loan, since_date, month_days, quarter_days, last_month_days
    FROM night_metrics WHERE NOT is_closed AND customer_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT customer_id, aum, deposit, loan, since_date, month_days, quarter_days, last_month_days
    FROM customers_metrics m WHERE customer_id BETWEEN %(first)s AND %(last)s
      AND (%(everybody)s OR EXISTS (SELECT FROM night_holding h WHERE h.customer_id = m.customer_id))
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
), wanted AS MATERIALIZED (
    SELECT l.*, s.id AS scheme_id, coalesce(nc.branch_id, c.branch_id) AS branch_id
    FROM looked_at l CROSS JOIN schemes s
    LEFT JOIN night_customer nc ON nc.customer_id = l.customer_id
    LEFT JOIN customers_customer c ON c.id = l.customer_id AND c.id BETWEEN %(first)s AND %(last)s
    WHERE coalesce(nc.status, c.status) = 'active'
      AND (s.applies_to = '' OR s.applies_to = coalesce(nc.customer_type, c.customer_type))
      AND (s.is_due OR NOT EXISTS (SELECT FROM segments_tierstate t WHERE t.scheme_id = s.states_of
                                                                  AND t.customer_id = l.customer_id))
), people AS MATERIALIZED (
    SELECT DISTINCT customer_id FROM wanted
), held AS (
    SELECT h.customer_id, coalesce(q.product_class, p.counted_class) AS class, p.term_days, h.balance, h.start_date,
           h.maturity_date, h.status
    FROM (
        SELECT h.customer_id, h.product_id, h.balance, h.start_date, h.maturity_date, h.status
        FROM people p JOIN customers_holding h ON h.customer_id = p.customer_id
        WHERE NOT EXISTS (SELECT FROM night_holding n WHERE n.holding_id = h.id)
        UNION ALL
        SELECT n.customer_id, n.product_id, n.balance, n.start_date, n.maturity_date, n.status
        FROM people p JOIN night_holding n USING (customer_id)
    ) h JOIN customers_product p ON p.id = h.product_id LEFT JOIN night_product q ON q.product_id = p.id
), of_holdings AS MATERIALIZED (
    SELECT customer_id,
           coalesce(sum(balance * CASE WHEN class IN ('time', 'large_cd', 'notice')
                                       THEN greatest(0, coalesce(maturity_date - start_date, term_days, 0)) ELSE 0 END)
                        FILTER (WHERE balance > 0 AND class IN ('demand', 'time', 'large_cd', 'notice'))
                    / nullif(sum(balance) FILTER (WHERE balance > 0 AND class IN ('demand', 'time', 'large_cd', 'notice')),
                             0), 0) AS term_days,
           count(DISTINCT class) FILTER (WHERE status = 'open') AS classes,
           coalesce(max(%(as_of)s - maturity_date) FILTER (WHERE class = 'loan' AND status = 'open' AND balance <> 0), 0)
               AS overdue_days
    FROM held GROUP BY customer_id
), of_changes AS MATERIALIZED (
    SELECT customer_id, sum(greatest(0, old_balance - new_balance)) FILTER (WHERE class = 'demand') AS spending,
           count(*) AS movements
    FROM (
        SELECT c.customer_id, c.old_balance, c.new_balance, p.counted_class AS class
        FROM people x JOIN customers_balancechange c ON c.customer_id = x.customer_id
        JOIN customers_holding h ON h.id = c.holding_id JOIN customers_product p ON p.id = h.product_id
        WHERE %(movements)s AND c.as_of > %(movements_since)s AND c.as_of < %(as_of)s AND c.as_of > %(first_night)s
          AND c.old_balance <> c.new_balance
        UNION ALL
        SELECT n.customer_id, b.balance, n.balance, p.counted_class
        FROM people x JOIN night_holding n USING (customer_id) JOIN customers_product p ON p.id = n.product_id
        LEFT JOIN customers_balancechange c ON %(is_rerun)s AND c.customer_id = n.customer_id
                                           AND c.holding_id = n.holding_id AND c.as_of = %(as_of)s
        CROSS JOIN LATERAL (SELECT coalesce(c.old_balance, n.old_balance) AS balance) b
        WHERE %(movements)s AND NOT %(is_first)s AND b.balance <> n.balance
        UNION ALL  -- what the first version of a corrected day moved, where the correction leaves it so
        SELECT c.customer_id, c.old_balance, c.new_balance, p.counted_class
        FROM people x JOIN customers_balancechange c ON c.customer_id = x.customer_id AND c.as_of = %(as_of)s
        JOIN customers_holding h ON h.id = c.holding_id JOIN customers_product p ON p.id = h.product_id
        WHERE %(movements)s AND %(is_rerun)s AND NOT %(is_first)s AND c.old_balance <> c.new_balance
          AND NOT EXISTS (SELECT FROM night_holding n WHERE n.holding_id = c.holding_id)
    ) moved GROUP BY customer_id
), measured AS (
    SELECT w.*, coalesce(h.term_days, 0) AS term_days, coalesce(h.classes, 0) AS classes,
           greatest(0, coalesce(h.overdue_days, 0)) AS overdue_days, coalesce(c.spending, 0) AS spending,
           coalesce(c.movements, 0) AS movements,
           last_month_average(w.aum, w.since_date, w.month_days, w.last_month_days, %(as_of)s) AS last_month_average,
           quarter_average(w.aum, w.since_date, w.quarter_days, %(as_of)s) AS quarter_average
    FROM wanted w LEFT JOIN of_holdings h USING (customer_id) LEFT JOIN of_changes c USING (customer_id)
), parts AS (
    SELECT m.scheme_id, m.customer_id, m.branch_id, f.weight, f.zero_at, f.full_at, f.forbids_from,
           trunc(CASE f.measure
               WHEN 'aum' THEN m.aum
               WHEN 'last_month_average' THEN m.last_month_average
               WHEN 'deposit' THEN m.deposit
               WHEN 'loan' THEN abs(m.loan)
               WHEN 'contribution' THEN greatest(0, m.deposit) * 0.008 + abs(m.loan) * 0.02
               WHEN 'stability' THEN coalesce(100 * greatest(0, least(m.aum, m.quarter_average))
                                              / nullif(greatest(m.aum, m.quarter_average), 0), 0)
               WHEN 'term_days' THEN m.term_days
               WHEN 'classes' THEN m.classes
               WHEN 'spending' THEN m.spending
               WHEN 'movements' THEN m.movements
               WHEN 'overdue_days' THEN m.overdue_days
           END, 2) AS measure
    FROM measured m JOIN segments_schemefactor f ON f.scheme_id = m.scheme_id
)
INSERT INTO night_measure (scheme_id, customer_id, branch_id, value)
SELECT scheme_id, customer_id, branch_id,
       CASE WHEN bool_or(coalesce(measure >= forbids_from, false)) THEN 0
            ELSE greatest(%(least)s, sum(trunc(least(weight, greatest(0, weight * (measure - zero_at) / (full_at - zero_at))), 2))) END
FROM parts GROUP BY scheme_id, customer_id, branch_id
