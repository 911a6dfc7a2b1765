-- Who may not be reached, for what and by which way: the one rule, as sets, once for each purpose and way of the steps.
CREATE TEMP TABLE planning_barred ON COMMIT DROP AS
SELECT f.customer_id, k.purpose, k.channel
FROM (SELECT DISTINCT purpose, channel FROM archives_planstep) k
CROSS JOIN LATERAL contact_refusals(k.purpose, k.channel, %(morning)s::date) f
JOIN night_plan_customer c ON c.customer_id = f.customer_id
WHERE f.bar IS NOT NULL
