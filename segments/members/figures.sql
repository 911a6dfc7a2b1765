-- Members and AUM at the end of the day, and what happened since the day before it. What is dated later (people's
-- changes of the open day) does not count yet. Counted from every member where `anew`; else the figures of the day before
-- go on: whoever came, went, moved or whose money moved is taken out as it was and put in as it is.
WITH chosen AS (
    SELECT id FROM segments_segment WHERE %(only)s::bigint IS NULL OR id = %(only)s
), later AS (
    SELECT c.segment_id, c.branch_id, sum(CASE WHEN is_in THEN 1 ELSE -1 END) AS members,
           sum(CASE WHEN is_in THEN 1 ELSE -1 END * coalesce(k.aum, 0)) AS aum
    FROM segments_segmentchange c LEFT JOIN customers_metrics k USING (customer_id)
    WHERE %(anew)s AND c.segment_id IN (SELECT id FROM chosen) AND as_of > %(as_of)s GROUP BY 1, 2
), today AS (
    SELECT segment_id, branch_id, count(*) FILTER (WHERE is_in) AS joined, count(*) FILTER (WHERE NOT is_in) AS gone
    FROM segments_segmentchange
    WHERE segment_id IN (SELECT id FROM chosen) AND as_of > %(before)s AND as_of <= %(as_of)s GROUP BY 1, 2
), movers AS (
    SELECT customer_id, old_branch_id, branch_id FROM night_customer WHERE %(moves)s AND old_branch_id IS NOT NULL
), carried AS (
    -- Movers who were in the segment the day before: those who are in it and did not join since, and those who left.
    SELECT m.segment_id, v.old_branch_id, v.branch_id FROM movers v JOIN segments_segmentmember m USING (customer_id)
    WHERE NOT EXISTS (SELECT FROM segments_segmentchange c
                      WHERE c.segment_id = m.segment_id AND c.customer_id = v.customer_id AND c.is_in
                        AND c.as_of > %(before)s)
    UNION ALL
    SELECT c.segment_id, v.old_branch_id, v.branch_id FROM movers v JOIN segments_segmentchange c USING (customer_id)
    WHERE NOT c.is_in AND c.as_of > %(before)s AND c.as_of <= %(as_of)s AND c.since <= %(before)s
), moved AS (
    SELECT segment_id, branch_id, sum(number) AS moved
    FROM (SELECT segment_id, branch_id, 1 AS number FROM carried
          UNION ALL SELECT segment_id, old_branch_id, -1 FROM carried) ends GROUP BY 1, 2
), now AS (
    SELECT m.segment_id, m.branch_id, count(*) AS members, sum(coalesce(k.aum, 0)) AS aum
    FROM segments_segmentmember m LEFT JOIN customers_metrics k USING (customer_id)
    WHERE %(anew)s AND m.segment_id IN (SELECT id FROM chosen) GROUP BY 1, 2
), net AS (
    SELECT segment_id, customer_id,
           coalesce(sum(CASE WHEN is_in THEN 1 ELSE -1 END) FILTER (WHERE as_of <= %(as_of)s), 0) AS today,
           coalesce(sum(CASE WHEN is_in THEN 1 ELSE -1 END) FILTER (WHERE as_of > %(as_of)s), 0) AS later
    FROM segments_segmentchange
    WHERE NOT %(anew)s AND segment_id IN (SELECT id FROM chosen) AND as_of > %(before)s GROUP BY 1, 2
), changed AS (
    SELECT segment_id, customer_id FROM net
    UNION
    SELECT segment_id, customer_id FROM segments_segmentmember
    WHERE NOT %(anew)s AND segment_id IN (SELECT id FROM chosen)
      AND customer_id IN (SELECT customer_id FROM night_metrics UNION ALL SELECT customer_id FROM movers)
), states AS (
    SELECT x.segment_id, c.branch_id, coalesce(v.old_branch_id, c.branch_id) AS old_branch_id,
           (m.customer_id IS NOT NULL)::int - coalesce(n.later, 0) AS is_in,
           (m.customer_id IS NOT NULL)::int - coalesce(n.later, 0) - coalesce(n.today, 0) AS was_in,
           coalesce(k.aum, 0) AS aum, coalesce(t.old_aum, k.aum, 0) AS old_aum
    FROM changed x JOIN customers_customer c ON c.id = x.customer_id
    LEFT JOIN segments_segmentmember m ON m.segment_id = x.segment_id AND m.customer_id = x.customer_id
    LEFT JOIN net n ON n.segment_id = x.segment_id AND n.customer_id = x.customer_id
    LEFT JOIN customers_metrics k ON k.customer_id = x.customer_id
    LEFT JOIN night_metrics t ON t.customer_id = x.customer_id
    LEFT JOIN movers v ON v.customer_id = x.customer_id
), parts AS (
    SELECT segment_id, branch_id, members, 0 AS joined, 0 AS gone, 0 AS moved, aum FROM now
    UNION ALL SELECT segment_id, branch_id, -members, 0, 0, 0, -aum FROM later
    UNION ALL SELECT segment_id, branch_id, members, 0, 0, 0, aum FROM segments_segmentday
              WHERE NOT %(anew)s AND as_of = %(before)s AND segment_id IN (SELECT id FROM chosen)
    UNION ALL SELECT segment_id, old_branch_id, -was_in, 0, 0, 0, -was_in * old_aum FROM states
    UNION ALL SELECT segment_id, branch_id, is_in, 0, 0, 0, is_in * aum FROM states
    UNION ALL SELECT segment_id, branch_id, 0, joined, gone, 0, 0 FROM today
    UNION ALL SELECT segment_id, branch_id, 0, 0, 0, moved, 0 FROM moved
    UNION ALL SELECT segment_id, branch_id, 0, 0, 0, 0, 0 FROM segments_segmentday
              WHERE as_of = %(as_of)s AND segment_id IN (SELECT id FROM chosen)
)
INSERT INTO segments_segmentday AS d (segment_id, branch_id, as_of, members, joined, "left", moved, aum)
SELECT segment_id, branch_id, %(as_of)s, sum(members), sum(joined), sum(gone), sum(moved), sum(aum)
FROM parts GROUP BY 1, 2
ON CONFLICT (segment_id, as_of, branch_id) DO UPDATE
SET members = excluded.members, joined = excluded.joined, "left" = excluded.left, moved = d.moved + excluded.moved,
    aum = excluded.aum
WHERE (d.members, d.joined, d.left, d.aum) IS DISTINCT FROM (excluded.members, excluded.joined, excluded.left, excluded.aum)
   OR excluded.moved <> 0
