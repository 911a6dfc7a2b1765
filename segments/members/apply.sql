-- The difference becomes the members and their history. Who had left on this same day keeps the day they came; whose
-- leaving counts on a later day (they refused profiling since the day closed) is in again on that day.
WITH left_today AS (
    SELECT DISTINCT ON (customer_id) customer_id, since FROM segments_segmentchange
    WHERE segment_id = %(segment)s AND as_of = %(as_of)s AND NOT is_in AND staff_id IS NULL
    ORDER BY customer_id, id DESC
), left_later AS (
    SELECT customer_id, max(as_of) AS as_of FROM segments_segmentchange
    WHERE segment_id = %(segment)s AND as_of > %(as_of)s AND NOT is_in GROUP BY 1
), joined AS (
    INSERT INTO segments_segmentmember (segment_id, customer_id, branch_id, since, cause, conditions, version)
    SELECT segment_id, n.customer_id, branch_id, coalesce(later.as_of, l.since, %(as_of)s), cause, conditions, %(version)s
    FROM night_segment n LEFT JOIN left_today l ON l.customer_id = n.customer_id
    LEFT JOIN left_later later ON later.customer_id = n.customer_id WHERE is_in
    ON CONFLICT DO NOTHING
    RETURNING customer_id, branch_id, since, cause, conditions
), gone AS (
    DELETE FROM segments_segmentmember m USING night_segment n
    WHERE n.segment_id = m.segment_id AND n.customer_id = m.customer_id AND NOT n.is_in
    RETURNING m.customer_id, m.branch_id, m.since, n.cause, n.conditions
), noted AS (
    INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version)
    SELECT %(segment)s, customer_id, branch_id, greatest(%(as_of)s, since), true, since, cause, conditions, %(version)s
    FROM joined
    UNION ALL
    -- Whom somebody has put in since the day closed leaves on the day on which that counts.
    SELECT %(segment)s, customer_id, branch_id, greatest(%(as_of)s, since), false, since, cause, conditions, %(version)s
    FROM gone
)
SELECT (SELECT count(*) FROM joined) AS joined, (SELECT count(*) FROM gone) AS "left"
