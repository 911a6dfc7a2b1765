-- What managers, and branches with all below them, held at the end of a day, from the counters that the night has just
-- written. Who held something the day before, has a target, or is a branch, has a row of nothing rather than none.
WITH outlet AS (
    SELECT branch_id, rank, sum(customers) AS customers, sum(aum) AS aum, sum(deposit) AS deposit
    FROM segments_ownertier GROUP BY 1, 2
), held AS (
    SELECT branch_id, owner_id, rank, customers, aum, deposit FROM segments_ownertier WHERE owner_id IS NOT NULL
    UNION ALL
    SELECT above.id, NULL, outlet.rank, sum(outlet.customers), sum(outlet.aum), sum(outlet.deposit)
    FROM outlet JOIN organization_branch place ON place.id = outlet.branch_id
    JOIN organization_branch above ON starts_with(place.path, above.path)
    GROUP BY 1, 3
    UNION ALL
    SELECT id, NULL, 0, 0, 0, 0 FROM organization_branch WHERE is_active
    UNION ALL
    SELECT branch_id, owner_id, 0, 0, 0, 0 FROM campaigns_seasontarget
    WHERE withdrawn_at IS NULL AND last_day >= %(as_of)s
    UNION ALL
    SELECT branch_id, owner_id, 0, 0, 0, 0 FROM campaigns_seasonlevel
    WHERE as_of = (SELECT max(as_of) FROM campaigns_seasonlevel WHERE as_of < %(as_of)s)
      AND (aum <> 0 OR deposit <> 0 OR customers <> '{}')
), tier AS (
    SELECT branch_id, owner_id, rank, sum(customers) AS customers, sum(aum) AS aum, sum(deposit) AS deposit
    FROM held GROUP BY 1, 2, 3
)
INSERT INTO campaigns_seasonlevel (branch_id, owner_id, as_of, aum, deposit, scheme, customers)
SELECT branch_id, owner_id, %(as_of)s, sum(aum), sum(deposit),
       (SELECT code FROM segments_tierscheme WHERE is_primary),
       coalesce(jsonb_object_agg(rank, customers) FILTER (WHERE rank > 0 AND customers > 0), '{}')
FROM tier GROUP BY branch_id, owner_id
