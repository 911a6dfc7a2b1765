-- Touches of marketing beyond the cap are not planned: what was done and what stands comes first, then what hangs on a date
-- or an alert, then the regular contact; of two alike the earlier one. What is left out waits (archives_cappedplan)
-- and is asked for again once there is room. There are two caps: that of the purpose, and that of the customer's tier.
WITH wanted AS (
    SELECT n.id, n.customer_id, n.due_date AS day, r.most, r.days, (n.origin = 'tier' OR n.origin = 'visit')::int AS place
    FROM night_plan n
    JOIN archives_planstep s ON s.id = n.step_id AND reaches_out(s.channel)
    JOIN contact_rules(%(morning)s::date) r ON r.purpose = s.purpose AND r.kind = 'marketing'
), limits AS (
    SELECT id, customer_id, day, place, most, days FROM wanted
    UNION
    SELECT w.id, w.customer_id, w.day, w.place, c.most, c.days
    FROM wanted w JOIN customers_metrics m USING (customer_id) JOIN contact_caps(%(morning)s::date) c ON c.tier = m.tier
), stands AS (
    -- A plan that moves tonight is among those wanted.
    SELECT t.customer_id, t.day
    FROM (SELECT DISTINCT customer_id FROM wanted) w JOIN archives_touch t USING (customer_id)
    WHERE t.day > %(morning)s::date - 100 AND NOT EXISTS (
        SELECT FROM archives_maintenanceplan p
        JOIN night_plan n ON n.customer_id = p.customer_id AND n.episode = p.episode
        WHERE p.id = t.plan_id)
), near AS (
    SELECT l.id, l.most, l.days, l.day, t.day AS touched
    FROM limits l JOIN stands t ON t.customer_id = l.customer_id AND abs(t.day - l.day) < l.days
    UNION ALL
    SELECT l.id, l.most, l.days, l.day, o.day
    FROM limits l JOIN wanted o ON o.customer_id = l.customer_id AND abs(o.day - l.day) < l.days
     AND (o.place, o.day, o.id) < (l.place, l.day, l.id)
), many AS (
    -- With fewer than the cap before and after it together no window can be full.
    SELECT id, most, days, day FROM near GROUP BY 1, 2, 3, 4 HAVING count(*) >= most
), begins AS (
    -- The windows that hold the day, as contact_free_day has them: each begins with a touch, or with the day itself.
    SELECT n.id, n.most, n.days, n.touched AS first FROM near n JOIN many USING (id, most, days) WHERE n.touched <= n.day
    UNION
    SELECT id, most, days, day FROM many
), gone AS (
    DELETE FROM night_plan n
    WHERE n.id IN (
        SELECT b.id FROM begins b JOIN near t USING (id, most, days)
        WHERE t.touched >= b.first AND t.touched < b.first + b.days
        GROUP BY b.id, b.most, b.days, b.first HAVING count(*) >= b.most)
    RETURNING n.customer_id, n.episode, n.step_id, n.due_date
)
INSERT INTO archives_cappedplan (customer_id, episode, step_id, due_date)
SELECT customer_id, episode, step_id, due_date FROM gone
