-- The first night of a month: judge the month before by its average, with the rules of segments.tiering.recompute.
CREATE TEMP TABLE demo_next ON COMMIT DROP AS
WITH bands AS (
    SELECT array_agg(b.lower ORDER BY b.rank) AS lowers, array_agg(b.rank ORDER BY b.rank) AS ranks,
           array_agg(coalesce(b.downgrade_after_months, s.downgrade_after_months) ORDER BY b.rank) AS patiences,
           max(s.watch_after_months) AS watch_after_months
    FROM segments_tier b JOIN segments_tierscheme s ON s.id = b.scheme_id WHERE b.scheme_id = %(scheme)s
), moved AS (
    SELECT customer_id, sum(delta) AS gained, sum(delta * (%(month)s::date - as_of)) AS gained_days
    FROM demo_net WHERE as_of >= %(before)s AND as_of < %(month)s GROUP BY customer_id
), valued AS (
    SELECT t.*, t.balance + coalesce(m.gained, 0) AS balance_now,
           trunc((t.balance * (%(month)s::date - %(before)s::date) + coalesce(m.gained_days, 0))
                 / (%(month)s::date - %(before)s::date), 2) AS average
    FROM demo_tier t LEFT JOIN moved m USING (customer_id)
), banded AS (
    -- Who comes later in the year keeps the row as it is.
    SELECT v.*, CASE WHEN open_date < %(month)s THEN ranks[width_bucket(average, lowers)] ELSE rank END AS band,
           patiences[array_position(ranks, rank)] AS patience, watch_after_months
    FROM valued v, bands
), counted AS (
    SELECT *, CASE WHEN band >= rank THEN 0 ELSE months_below + 1 END AS below,
           CASE WHEN band >= rank THEN 0 ELSE greatest(best_in_window, band) END AS best
    FROM banded
), judged AS (
    SELECT *, band > rank OR (band < rank AND below >= patience) AS is_moved FROM counted
)
SELECT customer_id, branch_id, open_date, balance_now AS balance, CASE WHEN is_moved THEN band ELSE rank END AS rank,
       CASE WHEN is_moved THEN %(month)s::date ELSE since END AS since,
       (CASE WHEN is_moved THEN 0 ELSE below END)::smallint AS months_below,
       (CASE WHEN is_moved THEN 0 ELSE best END)::smallint AS best_in_window,
       NOT is_moved AND watch_after_months > 0 AND below >= watch_after_months AS is_watched, is_here,
       rank AS old_rank, average
FROM judged;

INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                 metric_value, cause)
SELECT s.id, s.version, customer_id, branch_id, %(month)s, old_rank, rank, average,
       CASE WHEN rank > old_rank THEN 'promoted' ELSE 'downgraded' END
FROM demo_next JOIN segments_tierscheme s ON s.id = %(scheme)s WHERE rank <> old_rank;

INSERT INTO demo_flow
SELECT %(month)s, branch_id, old_rank, -count(*), -sum(balance) FROM demo_next WHERE rank <> old_rank GROUP BY 2, 3
UNION ALL
SELECT %(month)s, branch_id, rank, count(*), sum(balance) FROM demo_next WHERE rank <> old_rank GROUP BY 2, 3;

DROP TABLE demo_tier;
ALTER TABLE demo_next DROP COLUMN old_rank, DROP COLUMN average;
ALTER TABLE demo_next RENAME TO demo_tier;
ANALYZE demo_tier
