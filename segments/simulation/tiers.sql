-- How a chunk of customers stands now and would stand by the draft, by manager: the night's pass is in night_tier here
-- too, which holds only whom it would change. Groups in one order, so that two workers never wait for each other.
INSERT INTO segments_simulatedtier (simulation_id, branch_id, owner_id, old_rank, new_rank, customers, aum)
SELECT %(simulation)s, m.branch_id, o.owner_id, coalesce(t.rank, 0),
       coalesce(CASE WHEN n.customer_id IS NULL THEN t.rank ELSE n.rank END, 0), count(*), sum(m.aum)
FROM customers_metrics m
LEFT JOIN segments_tierstate t ON t.scheme_id = %(base)s AND t.customer_id = m.customer_id
LEFT JOIN night_tier n ON n.customer_id = m.customer_id
LEFT JOIN customers_ownership o ON o.customer_id = m.customer_id AND o.role = 'main' AND o.until IS NULL
WHERE m.customer_id BETWEEN %(first)s AND %(last)s AND (t.rank IS NOT NULL OR n.rank IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (simulation_id, branch_id, owner_id, old_rank, new_rank) DO UPDATE
SET customers = segments_simulatedtier.customers + excluded.customers, aum = segments_simulatedtier.aum + excluded.aum
