-- Inspections of a branch by manager and month of the week they were drawn for, newest month first; of one manager
-- where `owner` is given. The first look is what managers are compared by; `open` is what is not passed yet, of customers who are still there.
SELECT date_trunc('month', d.week)::date AS month, i.owner_id, u.name, u.staff_no, count(*)::int AS drawn,
       count(f.kind)::int AS looked, (count(*) FILTER (WHERE f.kind = 'passed'))::int AS passed,
       (count(*) FILTER (WHERE f.kind = 'returned'))::int AS returned,
       (count(*) FILTER (WHERE l.kind IS DISTINCT FROM 'passed' AND c.status <> 'closed'))::int AS open, round(avg(f.score), 1) AS score
FROM archives_inspection i
JOIN archives_inspectiondraw d ON d.id = i.draw_id
JOIN organization_user u ON u.id = i.owner_id
JOIN customers_customer c ON c.id = i.customer_id
LEFT JOIN archives_inspectionstep f ON f.inspection_id = i.id AND f.number = 1
LEFT JOIN LATERAL (SELECT s.kind FROM archives_inspectionstep s WHERE s.inspection_id = i.id
                   ORDER BY s.number DESC LIMIT 1) l ON true
WHERE i.branch_id = %(branch)s AND d.week >= %(since)s AND (%(owner)s::bigint IS NULL OR i.owner_id = %(owner)s)
GROUP BY 1, 2, 3, 4
ORDER BY 1 DESC, u.staff_no
