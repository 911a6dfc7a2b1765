-- Who may not be reached, for what and by which way: the one rule, as sets, once for each purpose and way of the steps. A
-- visit is arranged by phone, so that whoever may not be called is not planned to be visited.
CREATE TEMP TABLE planning_barred ON COMMIT DROP AS
SELECT f.customer_id, k.purpose, k.channel, k.is_visit
FROM (SELECT DISTINCT purpose, channel, event = 'visit' AS is_visit FROM archives_planstep) k
CROSS JOIN LATERAL contact_refusals(
    k.purpose, CASE WHEN k.is_visit THEN 'phone' ELSE k.channel END, %(morning)s::date) f
JOIN night_plan_customer c ON c.customer_id = f.customer_id
WHERE f.bar IS NOT NULL
