-- Of each tier that customers left between two days: how long they had held it, and how many of those who fell were
-- back, or higher, within the days that a return is waited for.
WITH changes (customer_id, as_of, old_rank, new_rank) AS MATERIALIZED (
    {changes}
)
SELECT c.old_rank AS rank, percentile_disc(0.5) WITHIN GROUP (ORDER BY c.as_of - p.as_of) AS days,
       count(*) FILTER (WHERE c.new_rank < c.old_rank) AS fell,
       count(*) FILTER (WHERE c.new_rank < c.old_rank AND EXISTS (
           SELECT FROM segments_tierchange n
           WHERE n.scheme_id = ANY (%(versions)s) AND n.customer_id = c.customer_id
             AND n.as_of > c.as_of AND n.as_of <= c.as_of + %(return_days)s AND n.new_rank >= c.old_rank)) AS returned
FROM changes c
LEFT JOIN LATERAL (
    SELECT max(t.as_of) AS as_of FROM segments_tierchange t
    WHERE t.scheme_id = ANY (%(versions)s) AND t.customer_id = c.customer_id AND t.as_of < c.as_of
) p ON true
WHERE c.old_rank IS NOT NULL
GROUP BY c.old_rank
