-- Every one of a manager's customers by the tier on both days, with the money of both; 0 = not a customer on that day.
SELECT coalesce(f.new_rank, 0) AS old_rank, coalesce(l.new_rank, 0) AS new_rank, count(*) AS customers,
       coalesce(sum(k.aum - b.after_since), 0) AS opening, coalesce(sum(k.aum - b.after_end), 0) AS closing
FROM ({people}) p (customer_id)
JOIN customers_metrics k USING (customer_id)
LEFT JOIN LATERAL (
    SELECT new_rank FROM segments_tierchange t
    WHERE t.scheme_id = ANY (%(versions)s) AND t.customer_id = p.customer_id AND t.as_of <= %(since)s
    ORDER BY t.as_of DESC LIMIT 1
) f ON true
LEFT JOIN LATERAL (
    SELECT new_rank FROM segments_tierchange t
    WHERE t.scheme_id = ANY (%(versions)s) AND t.customer_id = p.customer_id AND t.as_of <= %(as_of)s
    ORDER BY t.as_of DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT coalesce(sum(c.new_counted - c.old_counted) FILTER (WHERE c.as_of > %(since)s), 0) AS after_since,
           coalesce(sum(c.new_counted - c.old_counted) FILTER (WHERE c.as_of > %(as_of)s), 0) AS after_end
    FROM customers_balancechange c WHERE c.customer_id = p.customer_id
) b ON true
WHERE f.new_rank IS NOT NULL OR l.new_rank IS NOT NULL
GROUP BY 1, 2
