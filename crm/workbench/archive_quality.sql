-- The night's counters of archives by manager (by_owner) or by place, and tier. `branches` stand in `places`, position by
-- position; of one manager's customers alone where `owner` is given.
WITH place AS (
    SELECT * FROM unnest(%(branches)s::bigint[], %(places)s::bigint[]) AS one (branch_id, place_id)
), counters AS MATERIALIZED (
    SELECT CASE WHEN %(by_owner)s THEN t.owner_id ELSE p.place_id END AS key, t.rank,
           t.customers, t.archives, t.points, t.incomplete, t.stale, t.stale_in
    FROM segments_ownertier t JOIN place p USING (branch_id)
    WHERE %(owner)s::bigint IS NULL OR t.owner_id = %(owner)s
), sections AS (
    SELECT key, rank, jsonb_object_agg(section, customers) AS stale_in
    FROM (SELECT key, rank, section, sum(number::int)::int AS customers
          FROM counters CROSS JOIN jsonb_each_text(stale_in) one (section, number) GROUP BY 1, 2, 3) counted
    GROUP BY 1, 2
)
SELECT c.key, u.name, u.staff_no, c.rank, sum(c.customers)::int AS customers, sum(c.archives)::int AS archives,
       sum(c.points)::bigint AS points, sum(c.incomplete)::int AS incomplete, sum(c.stale)::int AS stale,
       coalesce(s.stale_in, '{}') AS stale_in
FROM counters c
LEFT JOIN sections s ON s.key IS NOT DISTINCT FROM c.key AND s.rank = c.rank
LEFT JOIN organization_user u ON %(by_owner)s AND u.id = c.key
GROUP BY c.key, u.name, u.staff_no, c.rank, s.stale_in
ORDER BY c.rank DESC, u.staff_no NULLS LAST, c.key
