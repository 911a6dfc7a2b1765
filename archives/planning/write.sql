-- New plans, those that the night itself called off and asks for again, and those whose day has changed.
INSERT INTO archives_maintenanceplan (branch_id, customer_id, owner_id, due_date, purpose, channel, note, state,
                                      created_at, submission, origin, step_id, template_id, episode, wanted_date)
SELECT c.branch_id, n.customer_id, c.owner_id, n.due_date, s.purpose, s.channel, '', 'planned', now(),
       md5(n.customer_id || ':' || n.episode)::uuid, n.origin, n.step_id, n.template_id, n.episode, n.wanted_date
FROM night_plan n
JOIN night_plan_customer c USING (customer_id)
JOIN archives_planstep s ON s.id = n.step_id
ON CONFLICT (customer_id, episode) WHERE episode <> '' DO UPDATE
SET state = 'planned', closed_on = NULL, cause = '', owner_id = excluded.owner_id, branch_id = excluded.branch_id,
    due_date = excluded.due_date, wanted_date = excluded.wanted_date,
    -- It keeps the version that it was made from, unless the customer has become one of another type.
    template_id = CASE WHEN EXISTS (
        SELECT FROM archives_maintenancetemplate o JOIN archives_maintenancetemplate n USING (plan_type_id)
        WHERE o.id = archives_maintenanceplan.template_id AND n.id = excluded.template_id)
        THEN archives_maintenanceplan.template_id
        ELSE coalesce(excluded.template_id, archives_maintenanceplan.template_id) END
