-- The next regular contact: one cycle of the tier (or of the template) after the last effective contact. A plan that a
-- person closed without a contact skips its cycle: the next is counted from its day. Without either, from the opening.
INSERT INTO night_plan (customer_id, episode, step_id, template_id, origin, wanted_date, due_date)
WITH planned AS (
    SELECT DISTINCT ON (c.customer_id) c.customer_id, c.begun_on, s.id AS step_id, t.id AS template_id,
           coalesce(t.frequency_days, k.days) AS days
    FROM night_plan_customer c
    JOIN archives_planstep s ON s.is_active AND s.event = 'cadence' AND c.tier BETWEEN s.from_tier AND s.to_tier
    JOIN organization_contactcadence k ON k.tier = c.tier
    LEFT JOIN archives_maintenancetemplate t ON t.plan_type_id = c.plan_type_id AND t.kind = s.kind AND t.is_active
    WHERE c.is_planned
    ORDER BY c.customer_id, s.id
), reached AS (
    SELECT DISTINCT ON (l.customer_id) l.customer_id, 'c' || l.id AS mark,
           (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM archives_contactlog l JOIN planned USING (customer_id)
    WHERE l.outcome = ANY (%(reached)s) AND l.channel <> 'sms' AND l.replaced_at IS NULL
    ORDER BY l.customer_id, l.contacted_at DESC, l.id DESC
), skipped AS (
    SELECT DISTINCT ON (p.customer_id) p.customer_id, 'p' || p.id AS mark,
           CASE WHEN p.state = 'done' THEN p.closed_on ELSE p.due_date END AS day
    FROM archives_maintenanceplan p JOIN planned USING (customer_id)
    WHERE p.origin = 'tier' AND p.state <> 'planned' AND p.cause = 'person'
    ORDER BY p.customer_id, 3 DESC, p.id DESC
), cycle AS (
    SELECT planned.*, r.day IS NOT NULL OR s.day IS NOT NULL AS is_known,
           CASE WHEN s.day >= coalesce(r.day, s.day) THEN s.mark ELSE coalesce(r.mark, 'new') END AS mark,
           greatest(r.day, s.day, CASE WHEN r.day IS NULL AND s.day IS NULL THEN planned.begun_on END) + planned.days
               AS day
    FROM planned LEFT JOIN reached r USING (customer_id) LEFT JOIN skipped s USING (customer_id)
), workdays AS MATERIALIZED (
    SELECT day, organization_next_workday(day) AS workday FROM (SELECT DISTINCT day FROM cycle) days
)
SELECT customer_id, 'cadence:' || mark, step_id, template_id, 'tier', w.workday,
       CASE WHEN w.workday >= %(morning)s THEN w.workday END
FROM cycle JOIN workdays w USING (day)
