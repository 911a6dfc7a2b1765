-- Who waits already is spread over the coming working days with room, calls before visits, highest tier and longest wait
-- first. Where a manager's days are full as far as this looks, the rest is dealt out evenly: the load shows that it is too
-- much. Those whose day the manager is away on are spread after it in the same way (`later`). No day of an absence is used.
WITH waiting AS (
    SELECT n.id, c.owner_id, greatest(n.free_from, %(morning)s::date) AS free_from,
           row_number() OVER (
               PARTITION BY c.owner_id, greatest(n.free_from, %(morning)s::date)
               ORDER BY n.origin = 'visit', c.tier DESC, n.wanted_date, n.customer_id) AS place
    FROM night_plan n JOIN night_plan_customer c USING (customer_id)
    WHERE n.due_date IS NULL AND (n.free_from IS NOT NULL) = %(later)s
), owners AS (
    SELECT owner_id, free_from, max(place) AS places FROM waiting GROUP BY owner_id, free_from
), workdays AS MATERIALIZED (
    SELECT d::date AS day
    FROM generate_series(%(morning)s::date, (SELECT max(free_from) FROM owners) + %(span)s::int, interval '1 day') d
    WHERE organization_is_workday(d::date)
), days AS (
    SELECT o.owner_id, o.free_from, d.day, row_number() OVER of_owner AS number
    FROM owners o JOIN workdays d ON d.day BETWEEN o.free_from AND o.free_from + %(span)s::int
    WHERE NOT EXISTS (
        SELECT FROM organization_absence a WHERE a.staff_id = o.owner_id AND d.day BETWEEN a.first_day AND a.last_day)
    WINDOW of_owner AS (PARTITION BY o.owner_id, o.free_from ORDER BY d.day)
), load AS (
    SELECT owner_id, day, sum(plans) AS plans FROM (
        SELECT p.owner_id, p.due_date AS day, count(*) AS plans
        FROM archives_maintenanceplan p JOIN (SELECT DISTINCT owner_id FROM owners) o USING (owner_id)
        WHERE p.state = 'planned'
          AND p.due_date BETWEEN %(morning)s AND (SELECT max(free_from) FROM owners) + %(span)s::int
          AND NOT EXISTS (SELECT FROM night_plan n WHERE n.customer_id = p.customer_id AND n.episode = p.episode)
        GROUP BY 1, 2
        UNION ALL
        SELECT c.owner_id, n.due_date, count(*)
        FROM night_plan n JOIN night_plan_customer c USING (customer_id)
        JOIN (SELECT DISTINCT owner_id FROM owners) o USING (owner_id)
        WHERE n.due_date IS NOT NULL GROUP BY 1, 2
    ) counted GROUP BY owner_id, day
), slots AS (
    SELECT d.owner_id, d.free_from, row_number() OVER (PARTITION BY d.owner_id, d.free_from ORDER BY d.day) AS place, d.day
    FROM days d
    LEFT JOIN load l ON l.owner_id = d.owner_id AND l.day = d.day
    -- A constant end, so that the server knows how many rows come: else it joins the waiting by the owner alone.
    CROSS JOIN generate_series(1, %(capacity)s) slot
    WHERE slot <= %(capacity)s - coalesce(l.plans, 0)
), room AS (
    SELECT owner_id, free_from, max(place) AS places FROM slots GROUP BY owner_id, free_from
), seen AS (
    SELECT owner_id, free_from, max(number) AS days FROM days GROUP BY owner_id, free_from
), found AS (
    SELECT w.id, w.owner_id, w.free_from, s.day,
           CASE WHEN s.day IS NULL THEN (w.place - coalesce(r.places, 0) - 1) %% y.days + 1 END AS spill
    FROM waiting w
    LEFT JOIN slots s ON s.owner_id = w.owner_id AND s.free_from = w.free_from AND s.place = w.place
    LEFT JOIN room r ON r.owner_id = w.owner_id AND r.free_from = w.free_from
    LEFT JOIN seen y ON y.owner_id = w.owner_id AND y.free_from = w.free_from
)
UPDATE night_plan n
-- Who is away for longer than this looks has no day: it stays for a colleague to do.
SET due_date = coalesce(f.day, d.day, organization_next_workday(f.free_from))
FROM found f LEFT JOIN days d ON d.owner_id = f.owner_id AND d.free_from = f.free_from AND d.number = f.spill
WHERE n.id = f.id
