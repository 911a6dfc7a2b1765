-- What happens on a day of its own: an opening, an important date, a maturity, here or at another bank, an alert; each as far
-- as it is in sight. One that fell on days off stands on the working day after, and is asked for until then: `since` goes
-- back as far as that can be. Important dates are for tiers that have a contact cadence. Two on one day (twins) are one occasion.
INSERT INTO night_plan (customer_id, episode, step_id, template_id, origin, wanted_date, due_date)
WITH steps AS (
    SELECT * FROM archives_planstep WHERE is_active AND event <> ALL (%(cycles)s)
), planned AS NOT MATERIALIZED (
    -- An opening or an alert is known the morning after: its own day is that morning.
    SELECT c.*, s.id AS step_id, s.code, s.event, s.alert_kind, s.kind,
           CASE WHEN s.event = 'opened' OR s.event = 'alert' THEN greatest(s.offset_days, 1) ELSE s.offset_days END
               AS offset_days
    FROM night_plan_customer c JOIN steps s ON c.tier BETWEEN s.from_tier AND s.to_tier
    WHERE c.is_planned
), dated AS MATERIALIZED (  -- once for each customer, not for each of the steps
    SELECT c.customer_id, c.plan_type_id, c.tier, d.*,
           CASE WHEN d.kind IN ('gaokao', 'zhongkao') THEN 'exam' ELSE d.kind END AS event
    FROM night_plan_customer c CROSS JOIN LATERAL archives_care_dates(c.customer_id) d
    WHERE c.is_planned AND c.tier IN (
        SELECT k.tier FROM organization_contactcadence k
        JOIN steps s ON s.event = ANY (%(dates)s) AND k.tier BETWEEN s.from_tier AND s.to_tier)
), occasions AS (
    -- Of whom no opening is known, nothing counts from there: a new manager makes nobody a new customer.
    SELECT p.customer_id, p.plan_type_id, p.step_id, p.kind, p.offset_days, 'date' AS origin,
           p.code || ':' || c.open_date AS episode, c.open_date AS day
    FROM planned p JOIN customers_customer c ON c.id = p.customer_id AND c.open_date = p.begun_on
    WHERE p.event = 'opened' AND p.begun_on + p.offset_days >= %(since)s
    UNION ALL
    SELECT DISTINCT d.customer_id, d.plan_type_id, s.id, s.kind, s.offset_days, 'date', s.code || ':' || o.day, o.day
    FROM dated d
    JOIN steps s ON s.event = d.event AND d.tier BETWEEN s.from_tier AND s.to_tier
    CROSS JOIN LATERAL archives_occurrences(
        d.kind, d.solar, d.lunar, d.exam_year, %(since)s::date - s.offset_days, %(horizon)s::date - s.offset_days) o(day)
    UNION ALL
    SELECT DISTINCT p.customer_id, p.plan_type_id, p.step_id, p.kind, p.offset_days, 'date',
           p.code || ':' || h.maturity_date, h.maturity_date
    FROM planned p
    JOIN customers_holding h ON h.customer_id = p.customer_id AND h.status = 'open' AND h.maturity_date IS NOT NULL
    WHERE p.event = 'maturity' AND h.maturity_date + p.offset_days BETWEEN %(since)s AND %(horizon)s
    UNION ALL
    SELECT DISTINCT p.customer_id, p.plan_type_id, p.step_id, p.kind, p.offset_days, 'date', p.code || ':' || v.day, v.day
    FROM planned p
    JOIN archives_archivevalue v ON v.customer_id = p.customer_id AND v.replaced_at IS NULL AND v.day IS NOT NULL
     AND v.field_id = (SELECT id FROM archives_archivefield WHERE key = 'other_maturity' AND is_active)
    WHERE p.event = 'other_bank' AND v.day + p.offset_days BETWEEN %(since)s AND %(horizon)s
    UNION ALL
    SELECT p.customer_id, p.plan_type_id, p.step_id, p.kind, p.offset_days, 'alert', p.code || ':' || a.episode,
           a.raised_on
    FROM planned p
    JOIN customers_alert a ON a.customer_id = p.customer_id AND a.kind = p.alert_kind
     AND a.state IN ('new', 'read', 'following', 'snoozed')
    WHERE p.event = 'alert' AND a.raised_on + p.offset_days >= %(since)s
), workdays AS MATERIALIZED (
    SELECT day, offset_days, CASE WHEN offset_days > 0 THEN organization_next_workday(day + offset_days)
                                  ELSE organization_previous_workday(day + offset_days) END AS workday
    FROM (SELECT DISTINCT day, offset_days FROM occasions) days
)
SELECT o.customer_id, o.episode, o.step_id, t.id, o.origin, w.workday, w.workday
FROM occasions o JOIN workdays w USING (day, offset_days)
LEFT JOIN archives_maintenancetemplate t ON t.plan_type_id = o.plan_type_id AND t.kind = o.kind AND t.is_active
WHERE w.workday >= %(morning)s
