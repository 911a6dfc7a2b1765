-- The richest customers of each branch in this chunk whom the draft would move.
INSERT INTO segments_simulatedmover (simulation_id, branch_id, customer_id, old_rank, new_rank, metric_value, aum)
SELECT %(simulation)s, branch_id, customer_id, old_rank, new_rank, metric_value, aum
FROM (
    SELECT m.branch_id, m.customer_id, coalesce(n.old_rank, 0) AS old_rank, coalesce(n.rank, 0) AS new_rank,
           n.metric_value, m.aum,
           row_number() OVER (PARTITION BY m.branch_id ORDER BY m.aum DESC, m.customer_id) AS place
    FROM night_tier n JOIN customers_metrics m ON m.customer_id = n.customer_id
    WHERE n.rank IS DISTINCT FROM n.old_rank
) moved
WHERE place <= %(kept)s
