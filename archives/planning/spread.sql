-- Who waits already is spread over the coming working days with room, highest tier and longest wait first. Where a
-- manager's days are full as far as this looks, the rest is dealt out evenly: the load shows that it is too much.
WITH waiting AS (
    SELECT n.id, c.owner_id,
           row_number() OVER (PARTITION BY c.owner_id ORDER BY c.tier DESC, n.wanted_date, n.customer_id) AS place
    FROM night_plan n JOIN night_plan_customer c USING (customer_id)
    WHERE n.due_date IS NULL
), owners AS (
    SELECT owner_id, max(place) AS places FROM waiting GROUP BY owner_id
), days AS (
    SELECT d::date AS day, row_number() OVER (ORDER BY d) AS number
    FROM generate_series(%(morning)s::date, %(morning)s::date + %(span)s::int, interval '1 day') d
    WHERE organization_is_workday(d::date)
), load AS (
    SELECT owner_id, day, sum(plans) AS plans FROM (
        SELECT p.owner_id, p.due_date AS day, count(*) AS plans
        FROM archives_maintenanceplan p JOIN owners USING (owner_id)
        WHERE p.state = 'planned' AND p.due_date BETWEEN %(morning)s AND %(morning)s::date + %(span)s::int
          AND NOT EXISTS (SELECT FROM night_plan n WHERE n.customer_id = p.customer_id AND n.episode = p.episode)
        GROUP BY 1, 2
        UNION ALL
        SELECT c.owner_id, n.due_date, count(*)
        FROM night_plan n JOIN night_plan_customer c USING (customer_id) JOIN owners USING (owner_id)
        WHERE n.due_date IS NOT NULL GROUP BY 1, 2
    ) counted GROUP BY owner_id, day
), slots AS (
    SELECT o.owner_id, d.day, row_number() OVER (PARTITION BY o.owner_id ORDER BY d.day) AS place
    FROM owners o CROSS JOIN days d
    LEFT JOIN load l ON l.owner_id = o.owner_id AND l.day = d.day
    -- A constant end, so that the server knows how many rows come: else it joins the waiting by the owner alone.
    CROSS JOIN generate_series(1, %(capacity)s) slot
    WHERE slot <= %(capacity)s - coalesce(l.plans, 0)
), room AS (
    SELECT owner_id, max(place) AS places FROM slots GROUP BY owner_id
), found AS (
    SELECT w.id, s.day,
           CASE WHEN s.day IS NULL
                THEN (w.place - coalesce(r.places, 0) - 1) %% (SELECT count(*) FROM days) + 1 END AS spill
    FROM waiting w
    LEFT JOIN slots s ON s.owner_id = w.owner_id AND s.place = w.place
    LEFT JOIN room r ON r.owner_id = w.owner_id
)
UPDATE night_plan n SET due_date = coalesce(f.day, d.day)
FROM found f LEFT JOIN days d ON d.number = f.spill
WHERE n.id = f.id
