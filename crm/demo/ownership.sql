-- Customers worth the while have a main owner among the relationship managers of their outlet; a few have changed hands.
CREATE TEMP TABLE demo_owner ON COMMIT DROP AS
WITH teams AS (
    SELECT branch_id, array_agg(id ORDER BY staff_no) AS managers
    FROM organization_user WHERE role = 'relationship_manager' AND is_active GROUP BY branch_id
)
SELECT p.id AS customer_id, p.branch_id, p.open_date,
       managers[1 + floor(pg_temp.chance(p.id, 700) * array_length(managers, 1))::int] AS owner_id,
       managers[1 + floor(pg_temp.chance(p.id, 701) * array_length(managers, 1))::int] AS former_id,
       greatest(p.open_date, %(as_of)s::date - 60 - floor(pg_temp.chance(p.id, 702) * 1200)::int) AS since,
       pg_temp.chance(p.id, 703) < 0.06 AS is_handed_over
FROM demo_profile p JOIN teams USING (branch_id)
WHERE p.wealth >= 30000 OR pg_temp.chance(p.id, 704) < 0.02;

INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, until, reason)
SELECT branch_id, customer_id, owner_id, 'main', since, NULL::date, '' FROM demo_owner
UNION ALL
SELECT branch_id, customer_id, former_id, 'main', open_date, since, '岗位调整' FROM demo_owner
WHERE is_handed_over AND former_id <> owner_id AND open_date < since
ORDER BY 2
