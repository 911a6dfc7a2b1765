-- The leaver's customers as moves of a draft. Whose household a candidate serves already goes there, then what the manager
-- chose by segment and by tier; the rest is left open for balance.sql.
WITH mine AS MATERIALIZED (
    SELECT c.id, c.branch_id, c.household_id, coalesce(m.aum, 0) AS aum, coalesce(m.tier, 0) AS tier,
           CASE WHEN %(keeps)s AND c.household_id IS NOT NULL THEN c.household_id ELSE -c.id END AS unit
    FROM customers_ownership o
    JOIN customers_customer c ON c.id = o.customer_id AND c.status = 'active' AND c.branch_id = %(branch)s
    LEFT JOIN customers_metrics m ON m.customer_id = c.id
    WHERE o.owner_id = %(leaver)s AND o.role = 'main' AND o.until IS NULL
), due AS (
    SELECT p.customer_id, sum(coalesce(t.minutes, %(minutes)s)) AS minutes
    FROM archives_maintenanceplan p LEFT JOIN archives_maintenancetemplate t ON t.id = p.template_id
    WHERE p.customer_id IN (SELECT id FROM mine) AND p.state = 'planned' AND p.due_date <= %(until)s
    GROUP BY p.customer_id
), maturing AS (
    SELECT DISTINCT h.customer_id
    FROM customers_holding h JOIN customers_product d ON d.id = h.product_id AND d.product_class <> 'loan'
    WHERE h.customer_id IN (SELECT id FROM mine) AND h.status = 'open' AND h.balance > 0
      AND h.maturity_date BETWEEN %(day)s AND %(until)s
), family AS (
    -- The candidate who answers for most members of the household.
    SELECT DISTINCT ON (f.household_id) f.household_id, o.owner_id
    FROM customers_customer f
    JOIN customers_ownership o ON o.customer_id = f.id AND o.role = 'main' AND o.until IS NULL
    WHERE %(keeps)s AND f.household_id IN (SELECT household_id FROM mine) AND o.owner_id = ANY (%(candidates)s)
    GROUP BY f.household_id, o.owner_id
    ORDER BY f.household_id, count(*) DESC, o.owner_id
), segment AS (
    SELECT DISTINCT ON (i.unit) i.unit, s.owner_id
    FROM unnest(%(segments)s::bigint[], %(segment_owners)s::bigint[]) WITH ORDINALITY s (segment_id, owner_id, place)
    JOIN segments_segmentmember g ON g.segment_id = s.segment_id
    JOIN mine i ON i.id = g.customer_id
    ORDER BY i.unit, s.place
), ranked AS (
    SELECT *, max(tier) OVER (PARTITION BY unit) AS rank FROM mine
)
INSERT INTO customers_ownershipmove (
    request_id, branch_id, customer_id, unit, rank, aum, minutes, is_maturing, from_owner_id, to_owner_id, outcome)
SELECT %(request)s, r.branch_id, r.id, r.unit, r.rank, r.aum, coalesce(d.minutes, 0), g.customer_id IS NOT NULL,
       %(leaver)s, coalesce(f.owner_id, s.owner_id, t.owner_id), 'waiting'
FROM ranked r
LEFT JOIN due d ON d.customer_id = r.id
LEFT JOIN maturing g ON g.customer_id = r.id
LEFT JOIN family f ON f.household_id = r.household_id
LEFT JOIN segment s ON s.unit = r.unit
LEFT JOIN unnest(%(ranks)s::int[], %(rank_owners)s::bigint[]) t (rank, owner_id) ON t.rank = r.rank
