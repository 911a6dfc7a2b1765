-- The first night of a month: judge the month before by its average, with the rules of segments.tiering.recompute.
WITH moved AS (
    SELECT customer_id, sum(delta) AS gained, sum(delta * (%(month)s::date - as_of)) AS gained_days
    FROM demo_net WHERE as_of >= %(before)s AND as_of < %(month)s GROUP BY customer_id
), valued AS (
    SELECT t.customer_id, t.balance + coalesce(m.gained, 0) AS balance,
           trunc((t.balance * (%(month)s::date - %(before)s::date) + coalesce(m.gained_days, 0))
                 / (%(month)s::date - %(before)s::date), 2) AS average
    FROM demo_tier t LEFT JOIN moved m USING (customer_id) WHERE t.open_date < %(month)s
), judged AS (
    SELECT v.*, t.rank AS old_rank, b.rank AS band, coalesce(own.downgrade_after_months, s.downgrade_after_months) AS patience,
           CASE WHEN b.rank >= t.rank THEN 0 ELSE t.months_below + 1 END AS below,
           CASE WHEN b.rank >= t.rank THEN 0 ELSE greatest(t.best_in_window, b.rank) END AS best, s.watch_after_months
    FROM valued v JOIN demo_tier t USING (customer_id) JOIN segments_tierscheme s ON s.id = %(scheme)s
    JOIN segments_tier own ON own.scheme_id = s.id AND own.rank = t.rank
    JOIN segments_tier b ON b.scheme_id = s.id AND v.average >= b.lower AND (b.upper IS NULL OR v.average < b.upper)
), settled AS (
    UPDATE demo_tier t SET
        balance = j.balance,
        rank = CASE WHEN band > old_rank OR (band < old_rank AND below >= patience) THEN band ELSE old_rank END,
        since = CASE WHEN band > old_rank OR (band < old_rank AND below >= patience) THEN %(month)s ELSE t.since END,
        months_below = CASE WHEN band > old_rank OR (band < old_rank AND below >= patience) THEN 0 ELSE below END,
        best_in_window = CASE WHEN band > old_rank OR (band < old_rank AND below >= patience) THEN 0 ELSE best END,
        is_watched = below > 0 AND below < patience AND watch_after_months > 0 AND below >= watch_after_months
    FROM judged j WHERE j.customer_id = t.customer_id
    RETURNING t.customer_id, t.branch_id, old.rank AS old_rank, new.rank AS new_rank, j.average, j.balance
), changed AS (
    SELECT * FROM settled WHERE old_rank <> new_rank
), moves AS (
    INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                     metric_value, cause)
    SELECT s.id, s.version, customer_id, branch_id, %(month)s, old_rank, new_rank, average,
           CASE WHEN new_rank > old_rank THEN 'promoted' ELSE 'downgraded' END
    FROM changed JOIN segments_tierscheme s ON s.id = %(scheme)s
)
INSERT INTO demo_flow
SELECT %(month)s, branch_id, old_rank, -count(*), -sum(balance) FROM changed GROUP BY branch_id, old_rank
UNION ALL
SELECT %(month)s, branch_id, new_rank, count(*), sum(balance) FROM changed GROUP BY branch_id, new_rank
