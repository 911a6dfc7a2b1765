-- A scheme on the balance of the day moves customers on any day: every crossing of a threshold, from the changes.
CREATE TEMP TABLE demo_step ON COMMIT DROP AS
WITH bands AS (
    SELECT array_agg(lower ORDER BY rank) AS lowers, array_agg(rank ORDER BY rank) AS ranks
    FROM segments_tier WHERE scheme_id = %(scheme)s
), running AS (
    SELECT n.customer_id, n.branch_id, n.as_of, n.delta, t.open_date, t.is_here,
           t.balance + sum(n.delta) OVER (PARTITION BY n.customer_id ORDER BY n.as_of) AS after
    FROM demo_net n JOIN demo_tier t USING (customer_id)
)
SELECT customer_id, branch_id, as_of, after - delta AS before, after,
       NOT is_here AND as_of = open_date AS is_first,
       ranks[width_bucket(after - delta, lowers)] AS old_rank, ranks[width_bucket(after, lowers)] AS new_rank
FROM running, bands;
ANALYZE demo_step;

INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                 metric_value, cause)
SELECT s.id, s.version, customer_id, branch_id, as_of, CASE WHEN NOT is_first THEN old_rank END, new_rank, after,
       CASE WHEN is_first THEN 'opened' WHEN new_rank > old_rank THEN 'promoted' ELSE 'downgraded' END
FROM demo_step JOIN segments_tierscheme s ON s.id = %(scheme)s
WHERE is_first OR old_rank <> new_rank;

INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                 metric_value, cause)
SELECT s.id, s.version, customer_id, branch_id, open_date, NULL, 1, 0, 'opened'
FROM demo_tier t JOIN segments_tierscheme s ON s.id = %(scheme)s
WHERE NOT is_here AND NOT EXISTS (SELECT FROM demo_step d WHERE d.customer_id = t.customer_id AND d.is_first);

UPDATE demo_tier t SET rank = last.new_rank
FROM (SELECT DISTINCT ON (customer_id) customer_id, new_rank FROM demo_step ORDER BY customer_id, as_of DESC) last
WHERE last.customer_id = t.customer_id AND t.rank <> last.new_rank;

UPDATE demo_tier t SET since = last.as_of
FROM (SELECT customer_id, max(as_of) AS as_of FROM demo_step WHERE is_first OR old_rank <> new_rank GROUP BY 1) last
WHERE last.customer_id = t.customer_id;

INSERT INTO demo_flow
SELECT as_of, branch_id, old_rank, -count(*) FILTER (WHERE old_rank <> new_rank), -sum(before)
FROM demo_step WHERE NOT is_first GROUP BY 1, 2, 3
UNION ALL
SELECT as_of, branch_id, new_rank, count(*) FILTER (WHERE is_first OR old_rank <> new_rank), sum(after)
FROM demo_step GROUP BY 1, 2, 3
UNION ALL
SELECT open_date, branch_id, 1, count(*), 0 FROM demo_tier t
WHERE NOT is_here AND NOT EXISTS (SELECT FROM demo_step d WHERE d.customer_id = t.customer_id AND d.is_first)
GROUP BY 1, 2;
DROP TABLE demo_step
