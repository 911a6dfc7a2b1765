-- Who may not be reached by a step, for what it is for: the one rule, as sets, once for each purpose and way of the steps.
DELETE FROM night_plan n USING archives_planstep s, (
    SELECT f.customer_id, k.purpose, k.channel
    FROM (SELECT DISTINCT purpose, channel FROM archives_planstep WHERE is_active) k
    CROSS JOIN LATERAL contact_refusals(k.purpose, k.channel, %(morning)s::date) f
    JOIN night_plan_customer c ON c.customer_id = f.customer_id
    WHERE f.bar IS NOT NULL
) barred
WHERE s.id = n.step_id AND barred.customer_id = n.customer_id AND barred.purpose = s.purpose AND barred.channel = s.channel
