-- Nothing is put on a day on which the manager is away. The regular contact waits for a free day after it (spread.sql). What
-- hangs on a day goes before it, and what follows one goes after it; where neither can be, it stays for a colleague to do.
UPDATE night_plan n
SET due_date = CASE
        WHEN n.origin = 'tier' OR n.origin = 'visit' THEN NULL
        WHEN s.offset_days > 0 OR s.event = 'opened' OR s.event = 'alert' THEN
            CASE WHEN t.next_day <= n.due_date + %(longest)s THEN t.next_day ELSE n.due_date END
        ELSE coalesce(organization_previous_day_there(a.staff_id, n.due_date, %(morning)s::date), n.due_date) END,
    free_from = CASE WHEN n.origin = 'tier' OR n.origin = 'visit' THEN a.last_day + 1 END
FROM night_plan_customer c
JOIN organization_absence a ON a.staff_id = c.owner_id AND a.last_day >= %(morning)s
CROSS JOIN LATERAL (SELECT organization_next_day_there(a.staff_id, a.last_day + 1) AS next_day) t,
archives_planstep s
WHERE c.customer_id = n.customer_id AND s.id = n.step_id AND n.due_date BETWEEN a.first_day AND a.last_day
