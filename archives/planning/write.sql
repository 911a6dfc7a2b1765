-- New plans, those that the night itself called off and asks for again, and those whose day or type has changed. What stays
-- on its day (settled.sql) stays with who is to do it.
INSERT INTO archives_maintenanceplan AS p (branch_id, customer_id, owner_id, due_date, purpose, channel, note, state,
                                           created_at, submission, origin, step_id, template_id, episode, wanted_date)
SELECT c.branch_id, n.customer_id, c.owner_id, n.due_date, s.purpose, s.channel, '', 'planned', now(),
       md5(n.customer_id || ':' || n.episode)::uuid, n.origin, n.step_id, n.template_id, n.episode, n.wanted_date
FROM night_plan n
JOIN night_plan_customer c USING (customer_id)
JOIN archives_planstep s ON s.id = n.step_id
ON CONFLICT (customer_id, episode) WHERE episode <> '' DO UPDATE
SET state = 'planned', closed_on = NULL, cause = '', branch_id = excluded.branch_id, wanted_date = excluded.wanted_date,
    due_date = excluded.due_date,
    owner_id = CASE WHEN p.state = 'planned' AND p.wanted_date = excluded.wanted_date AND p.due_date = excluded.due_date
                    THEN p.owner_id ELSE excluded.owner_id END,
    -- It keeps the version that it was made from, unless the customer has become one of another type.
    template_id = CASE WHEN EXISTS (
        SELECT FROM archives_maintenancetemplate o JOIN archives_maintenancetemplate n USING (plan_type_id)
        WHERE o.id = p.template_id AND n.id = excluded.template_id)
        THEN p.template_id ELSE coalesce(excluded.template_id, p.template_id) END
