-- Customers who stood in another tier on the last day than on the first: the end points of their moves in between.
-- Money is asked for only where the page shows it: the balance of a day is today's less the changes after it. The day
-- stands in the sums, not in the condition: there it would lead into the index of days, one scan for each mover.
WITH changes (customer_id, as_of, old_rank, new_rank) AS MATERIALIZED (
    {changes}
), moved AS (
    SELECT customer_id, coalesce((array_agg(old_rank ORDER BY as_of))[1], 0) AS old_rank,
           coalesce((array_agg(new_rank ORDER BY as_of DESC))[1], 0) AS new_rank
    FROM changes GROUP BY customer_id
)
SELECT m.old_rank, m.new_rank, count(*) AS customers,
       coalesce(sum(k.aum - b.after_since), 0) AS opening, coalesce(sum(k.aum - b.after_end), 0) AS closing
FROM moved m
LEFT JOIN customers_metrics k ON %(with_money)s AND k.customer_id = m.customer_id
LEFT JOIN LATERAL (
    SELECT coalesce(sum(c.new_counted - c.old_counted) FILTER (WHERE c.as_of > %(since)s), 0) AS after_since,
           coalesce(sum(c.new_counted - c.old_counted) FILTER (WHERE c.as_of > %(as_of)s), 0) AS after_end
    FROM customers_balancechange c
    WHERE %(with_money)s AND c.customer_id = m.customer_id
) b ON true
WHERE m.old_rank <> m.new_rank
GROUP BY m.old_rank, m.new_rank
