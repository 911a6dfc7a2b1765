-- Touches of marketing beyond the cap are not planned: what was done and what stands comes first, then what hangs on a date
-- or an alert, then the regular contact; of two alike the earlier one. What is left out waits (archives_cappedplan)
-- and is asked for again once there is room.
WITH wanted AS (
    SELECT n.id, n.customer_id, n.due_date AS day, r.most, r.days, (n.origin = 'tier')::int AS place
    FROM night_plan n
    JOIN archives_planstep s ON s.id = n.step_id AND reaches_out(s.channel)
    JOIN contact_rules(%(morning)s::date) r ON r.purpose = s.purpose AND r.kind = 'marketing'
), stands AS (
    -- A plan that moves tonight is among those wanted.
    SELECT t.customer_id, t.day
    FROM (SELECT DISTINCT customer_id FROM wanted) w JOIN archives_touch t USING (customer_id)
    WHERE t.day > %(morning)s::date - 100 AND NOT EXISTS (
        SELECT FROM archives_maintenanceplan p
        JOIN night_plan n ON n.customer_id = p.customer_id AND n.episode = p.episode
        WHERE p.id = t.plan_id)
), ahead AS (
    SELECT w.id, count(*) AS touches
    FROM wanted w JOIN stands t ON t.customer_id = w.customer_id AND abs(t.day - w.day) < w.days GROUP BY w.id
    UNION ALL
    SELECT w.id, count(*)
    FROM wanted w JOIN wanted o ON o.customer_id = w.customer_id AND abs(o.day - w.day) < w.days
     AND (o.place, o.day, o.id) < (w.place, w.day, w.id) GROUP BY w.id
), gone AS (
    DELETE FROM night_plan n USING wanted w, (SELECT id, sum(touches) AS touches FROM ahead GROUP BY id) a
    WHERE w.id = n.id AND a.id = n.id AND a.touches >= w.most
    RETURNING n.customer_id, n.episode, n.step_id, n.due_date
)
INSERT INTO archives_cappedplan (customer_id, episode, step_id, due_date)
SELECT customer_id, episode, step_id, due_date FROM gone
