-- Contacts a month that the tiers ask of each manager, now and by the draft: those whose number changes most first.
SELECT r.owner_id, u.name, count(*) OVER () AS managers, round(r.now, 1) AS now, round(r.then, 1) AS then
FROM (
    SELECT s.owner_id, sum(s.customers * coalesce(a.monthly, 0)) AS now, sum(s.customers * coalesce(b.monthly, 0)) AS then
    FROM ({rows}) s (owner_id, old_rank, new_rank, customers)
    LEFT JOIN unnest(%(ranks)s::smallint[], %(monthly)s::numeric[]) a (rank, monthly) ON a.rank = s.old_rank
    LEFT JOIN unnest(%(ranks)s::smallint[], %(monthly)s::numeric[]) b (rank, monthly) ON b.rank = s.new_rank
    WHERE s.owner_id IS NOT NULL
    GROUP BY s.owner_id
) r JOIN organization_user u ON u.id = r.owner_id
ORDER BY abs(r.then - r.now) DESC, r.then DESC, r.owner_id
LIMIT %(most)s
