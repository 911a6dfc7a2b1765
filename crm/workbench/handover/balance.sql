-- 均衡分配: gives every unit of one rank that is still open to a candidate. A load is assets, minutes of plans and number
-- of customers, each as a share of all that the candidates will answer for: few customers of high tiers have most of the
-- assets, many of low tiers take most of the time, so that the former are dealt by assets, the latter by minutes. Like
-- water the units fill up whoever has least, and are dealt by size, so that everybody gets large and small ones in the
-- same proportion (Sainte-Laguë). Ranks come one after the other, the highest first.
WITH base AS (
    SELECT * FROM unnest(%(candidates)s::bigint[], %(aums)s::numeric[], %(minutes)s::numeric[], %(counts)s::numeric[],
                         %(tops)s::int[]) b (id, aum, minutes, customers, top)
), whole AS (
    SELECT nullif(b.aum + v.aum, 0) AS aum, nullif(b.minutes + v.minutes, 0) AS minutes,
           nullif(b.customers + v.customers, 0) AS customers
    FROM (SELECT sum(aum) AS aum, sum(minutes) AS minutes, sum(customers) AS customers FROM base) b
    CROSS JOIN (
        SELECT sum(aum) AS aum, sum(minutes) AS minutes, count(*) AS customers
        FROM customers_ownershipmove WHERE request_id = %(request)s) v
), held AS (
    SELECT b.id, b.top, b.aum + coalesce(v.aum, 0) AS aum, b.minutes + coalesce(v.minutes, 0) AS minutes,
           b.customers + coalesce(v.customers, 0) AS customers
    FROM base b
    LEFT JOIN (
        SELECT to_owner_id, sum(aum) AS aum, sum(minutes) AS minutes, count(*) AS customers
        FROM customers_ownershipmove WHERE request_id = %(request)s AND to_owner_id IS NOT NULL GROUP BY 1
    ) v ON v.to_owner_id = b.id
), able AS (
    -- The highest tiers go to who holds such already, where anybody does.
    SELECT h.id, %(by_assets)s * coalesce(h.aum / w.aum, 0) + %(by_minutes)s * coalesce(h.minutes / w.minutes, 0)
        + 0.1 * coalesce(h.customers / w.customers, 0) AS load
    FROM held h CROSS JOIN whole w
    WHERE %(rank)s < %(senior)s OR h.top >= %(rank)s OR NOT EXISTS (SELECT FROM base WHERE top >= %(rank)s)
), units AS MATERIALIZED (
    SELECT unit, weight, row_number() OVER (ORDER BY weight DESC, unit) AS place
    FROM (
        SELECT v.unit, %(by_assets)s * coalesce(sum(v.aum) / w.aum, 0)
            + %(by_minutes)s * coalesce(sum(v.minutes) / w.minutes, 0) + 0.1 * count(*) / w.customers AS weight
        FROM customers_ownershipmove v CROSS JOIN whole w
        WHERE v.request_id = %(request)s AND v.rank = %(rank)s AND v.to_owner_id IS NULL
        GROUP BY v.unit, w.aum, w.minutes, w.customers) u
), dealt AS (
    SELECT sum(weight) AS weight, count(*) AS units FROM units
), level AS (
    SELECT min((d.weight + a.below) / a.number) AS load
    FROM (
        SELECT sum(load) OVER up AS below, row_number() OVER up AS number
        FROM able WINDOW up AS (ORDER BY load, id)) a
    CROSS JOIN dealt d
), room AS (
    SELECT a.id, l.load - a.load AS room FROM able a CROSS JOIN level l WHERE l.load > a.load
), slots AS (
    SELECT r.id, row_number() OVER (ORDER BY (n - 0.5) / r.room, r.id) AS place
    FROM room r CROSS JOIN dealt d CROSS JOIN LATERAL
        generate_series(1, ceil(d.units * r.room / (SELECT sum(room) FROM room))::int + 1) n
)
UPDATE customers_ownershipmove v SET to_owner_id = s.id
FROM units u JOIN slots s ON s.place = u.place
WHERE v.request_id = %(request)s AND v.rank = %(rank)s AND v.unit = u.unit AND v.to_owner_id IS NULL
