-- The next regular contact: one cycle of the tier (or of the template) after the last effective contact; and the next visit:
-- one cycle of visits after the last meeting. A plan that a person closed without a contact skips its cycle, and so does a
-- visit that somebody called done without meeting: the next is counted from its day. Without either, from the opening.
INSERT INTO night_plan (customer_id, episode, step_id, template_id, origin, wanted_date, due_date)
WITH planned AS (
    SELECT DISTINCT ON (c.customer_id, s.event) c.customer_id, c.begun_on, s.event, s.id AS step_id, t.id AS template_id,
           CASE s.event WHEN 'visit' THEN 'visit' ELSE 'tier' END AS origin,
           CASE s.event WHEN 'visit' THEN k.visit_days ELSE coalesce(t.frequency_days, k.days) END AS days
    FROM night_plan_customer c
    JOIN archives_planstep s ON s.is_active AND s.event = ANY (%(cycles)s) AND c.tier BETWEEN s.from_tier AND s.to_tier
    JOIN organization_contactcadence k ON k.tier = c.tier AND (s.event <> 'visit' OR k.visit_days IS NOT NULL)
    LEFT JOIN archives_maintenancetemplate t ON t.plan_type_id = c.plan_type_id AND t.kind = s.kind AND t.is_active
    WHERE c.is_planned
    ORDER BY c.customer_id, s.event, s.id
), reached AS (
    SELECT DISTINCT ON (l.customer_id, p.event) l.customer_id, p.event, 'c' || l.id AS mark,
           (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM archives_contactlog l JOIN planned p USING (customer_id)
    WHERE l.outcome = ANY (%(reached)s) AND l.channel <> 'sms' AND l.replaced_at IS NULL
      AND (p.event <> 'visit' OR l.channel = ANY (%(met)s))
    ORDER BY l.customer_id, p.event, l.contacted_at DESC, l.id DESC
), skipped AS (
    SELECT DISTINCT ON (p.customer_id, a.event) p.customer_id, a.event, 'p' || p.id AS mark,
           CASE WHEN p.state = 'done' THEN p.closed_on ELSE p.due_date END AS day
    FROM archives_maintenanceplan p JOIN planned a ON a.customer_id = p.customer_id AND a.origin = p.origin
    WHERE p.state <> 'planned' AND (p.cause = 'person' OR (p.origin = 'visit' AND p.state = 'done'))
    ORDER BY p.customer_id, a.event, 4 DESC, p.id DESC
), cycle AS (
    SELECT planned.*, r.day IS NOT NULL OR s.day IS NOT NULL AS is_known,
           CASE WHEN s.day >= coalesce(r.day, s.day) THEN s.mark ELSE coalesce(r.mark, 'new') END AS mark,
           greatest(r.day, s.day, CASE WHEN r.day IS NULL AND s.day IS NULL THEN planned.begun_on END) + planned.days
               AS day
    FROM planned LEFT JOIN reached r USING (customer_id, event) LEFT JOIN skipped s USING (customer_id, event)
), workdays AS MATERIALIZED (
    SELECT day, organization_next_workday(day) AS workday FROM (SELECT DISTINCT day FROM cycle) days
)
SELECT customer_id, event || ':' || mark, step_id, template_id, origin, w.workday,
       CASE WHEN w.workday >= %(morning)s THEN w.workday END
FROM cycle JOIN workdays w USING (day)
