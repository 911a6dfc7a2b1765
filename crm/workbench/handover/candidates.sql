-- What these people answer for now, and what their open plans take until a day.
SELECT u.id, u.name, u.staff_no, coalesce(h.customers, 0) AS customers, coalesce(h.aum, 0) AS aum,
       coalesce(h.top, 0) AS top, coalesce(p.plans, 0) AS plans, coalesce(p.late, 0) AS late,
       coalesce(p.minutes, 0) AS minutes
FROM organization_user u
LEFT JOIN LATERAL (
    SELECT count(*) AS customers, sum(m.aum) AS aum, max(m.tier) AS top
    FROM customers_ownership o
    JOIN customers_customer c ON c.id = o.customer_id AND c.status = 'active'
    LEFT JOIN customers_metrics m ON m.customer_id = o.customer_id
    WHERE o.owner_id = u.id AND o.role = 'main' AND o.until IS NULL AND o.branch_id = %(branch)s
) h ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS plans, count(*) FILTER (WHERE p.due_date < %(day)s) AS late,
           sum(coalesce(t.minutes, %(minutes)s)) AS minutes
    FROM archives_maintenanceplan p LEFT JOIN archives_maintenancetemplate t ON t.id = p.template_id
    WHERE p.owner_id = u.id AND p.state = 'planned' AND p.due_date <= %(until)s AND p.branch_id = %(branch)s
) p ON true
WHERE u.id = ANY (%(ids)s)
ORDER BY u.staff_no
