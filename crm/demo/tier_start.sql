-- The balance of each customer at the start of the history, and the tier that the first night gave in this scheme.
DROP TABLE IF EXISTS demo_tier, demo_flow;
CREATE TEMP TABLE demo_tier ON COMMIT DROP AS
SELECT m.customer_id, m.branch_id, p.open_date, m.aum - coalesce(n.gained, 0) AS balance, 1::smallint AS rank,
       greatest(p.open_date, %(start)s::date) AS since, 0::smallint AS months_below, 0::smallint AS best_in_window,
       false AS is_watched, p.open_date <= %(start)s AS is_here
FROM customers_metrics m JOIN demo_profile p ON p.id = m.customer_id
LEFT JOIN (SELECT customer_id, sum(delta) AS gained FROM demo_net GROUP BY customer_id) n USING (customer_id);
UPDATE demo_tier t SET rank = b.rank FROM segments_tier b
WHERE b.scheme_id = %(scheme)s AND t.is_here AND t.balance >= b.lower AND (b.upper IS NULL OR t.balance < b.upper)
  AND b.rank <> 1;
ANALYZE demo_tier;
CREATE TEMP TABLE demo_flow (as_of date, branch_id bigint, rank smallint, customers bigint, aum numeric) ON COMMIT DROP;
INSERT INTO demo_flow SELECT %(start)s, branch_id, rank, count(*), sum(balance) FROM demo_tier WHERE is_here GROUP BY 2, 3;
INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                 metric_value, cause)
SELECT s.id, s.version, t.customer_id, t.branch_id, t.since, NULL, t.rank, CASE WHEN t.is_here THEN t.balance ELSE 0 END,
       'opened'
FROM demo_tier t JOIN segments_tierscheme s ON s.id = %(scheme)s
WHERE s.metric <> 'point' OR t.is_here
