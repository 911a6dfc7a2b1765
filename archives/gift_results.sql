-- Gifts given in a branch by month and member of staff, newest month first; of one member of staff where `staff` is given.
-- What was reversed counts nowhere. Sums are exact to the fen.
SELECT date_trunc('month', s.day)::date AS month, g.staff_id, u.name, u.staff_no, count(*)::int AS gifts,
       sum(g.value) AS given, (count(*) FILTER (WHERE g.over <> '{}'))::int AS approved,
       sum(sum(g.value)) OVER (PARTITION BY date_trunc('month', s.day)) AS month_given,
       archives_gift_limit('staff_month', NULL, date_trunc('month', s.day)::date) AS most
FROM archives_gift g
JOIN archives_giftstep s ON s.gift_id = g.id AND s.kind = 'given'
JOIN organization_user u ON u.id = g.staff_id
WHERE g.branch_id = %(branch)s AND s.day >= %(since)s AND (%(staff)s::bigint IS NULL OR g.staff_id = %(staff)s)
  AND NOT EXISTS (SELECT FROM archives_giftstep r WHERE r.gift_id = g.id AND r.kind = 'reversed')
GROUP BY date_trunc('month', s.day), g.staff_id, u.name, u.staff_no
ORDER BY 1 DESC, u.staff_no
