-- History of tiers: a corrected file of the same day keeps the tier before the day and replaces the one after.
INSERT INTO segments_tierchange (scheme_id, scheme_version, customer_id, branch_id, as_of, old_rank, new_rank,
                                 metric_value, cause)
SELECT n.scheme_id, s.version, n.customer_id, n.branch_id, %(as_of)s, n.old_rank, n.rank, n.metric_value, n.cause
FROM night_tier n JOIN segments_tierscheme s ON s.id = n.scheme_id
WHERE n.old_rank IS DISTINCT FROM n.rank
ON CONFLICT (scheme_id, customer_id, as_of) DO UPDATE
SET new_rank = excluded.new_rank, metric_value = excluded.metric_value, branch_id = excluded.branch_id,
    cause = CASE WHEN segments_tierchange.old_rank IS NULL THEN 'opened' WHEN excluded.new_rank IS NULL THEN excluded.cause
                 WHEN segments_tierchange.cause = 'scheme_changed' THEN 'scheme_changed'
                 WHEN excluded.new_rank > segments_tierchange.old_rank THEN 'promoted' ELSE 'downgraded' END
