-- Upgrade candidates on a day: the metric has reached a share of the next tier's lower bound, but not the bound.
WITH ranked AS (
    SELECT DISTINCT ON (customer_id) customer_id, new_rank AS rank
    FROM segments_tierchange WHERE scheme_id = ANY (%(versions)s) AND as_of <= %(as_of)s
    ORDER BY customer_id, as_of DESC
), valued AS (
    SELECT r.rank, CASE WHEN %(is_point)s THEN m.aum - coalesce(l.moved, 0)
                        ELSE projected_month_average(m.aum, m.since_date, m.month_days, %(as_of)s) END AS value
    FROM ranked r JOIN customers_metrics m USING (customer_id)
    LEFT JOIN (SELECT customer_id, sum(new_counted - old_counted) AS moved
               FROM customers_balancechange WHERE as_of > %(as_of)s GROUP BY customer_id) l USING (customer_id)
    WHERE r.rank IS NOT NULL
)
SELECT t.rank, t.code, t.upper AS next_lower, (t.upper * %(share)s)::numeric(18, 2) AS from_value,
       count(v.rank) AS customers, coalesce(sum(v.value), 0) AS total, coalesce(sum(t.upper - v.value), 0) AS gap
FROM segments_tier t
LEFT JOIN valued v ON v.rank = t.rank AND v.value >= (t.upper * %(share)s)::numeric(18, 2) AND v.value < t.upper
WHERE t.scheme_id = %(scheme)s AND t.upper IS NOT NULL
GROUP BY t.rank, t.code, t.upper ORDER BY t.rank
