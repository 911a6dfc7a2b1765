-- What every manager and branch held on each day since %(since)s: the counters of now less what changed later. Owners are
-- those of now; customers by tier follow the moves of the primary scheme.
DELETE FROM campaigns_seasonlevel;

CREATE TEMPORARY TABLE season_flow ON COMMIT DROP AS
SELECT c.branch_id, o.owner_id, b.as_of, sum(b.new_counted - b.old_counted) AS aum,
       sum((b.new_balance - b.old_balance) * (p.product_class = ANY (%(deposits)s))::int) AS deposit
FROM customers_balancechange b JOIN customers_customer c ON c.id = b.customer_id
JOIN customers_holding h ON h.id = b.holding_id JOIN customers_product p ON p.id = h.product_id
LEFT JOIN customers_ownership o ON o.customer_id = c.id AND o.role = 'main' AND o.until IS NULL
WHERE b.as_of > %(since)s GROUP BY 1, 2, 3;

CREATE TEMPORARY TABLE season_move ON COMMIT DROP AS
SELECT c.branch_id, o.owner_id, m.as_of, side.rank, sum(side.step) AS customers
FROM segments_tierchange m JOIN segments_tierscheme s ON s.id = m.scheme_id AND s.is_primary
JOIN customers_customer c ON c.id = m.customer_id
LEFT JOIN customers_ownership o ON o.customer_id = c.id AND o.role = 'main' AND o.until IS NULL
CROSS JOIN LATERAL (VALUES (m.old_rank, -1), (m.new_rank, 1)) side(rank, step)
WHERE m.as_of > %(since)s AND side.rank > 0 GROUP BY 1, 2, 3, 4;

WITH who AS (
    SELECT branch_id, owner_id, sum(aum) AS aum, sum(deposit) AS deposit FROM segments_ownertier GROUP BY 1, 2
), money AS (
    SELECT w.branch_id, w.owner_id, day::date AS as_of,
           w.aum - coalesce(sum(f.aum), 0) AS aum, w.deposit - coalesce(sum(f.deposit), 0) AS deposit
    FROM who w CROSS JOIN generate_series(%(since)s::timestamp, %(as_of)s::timestamp, interval '1 day') day
    LEFT JOIN season_flow f ON f.branch_id = w.branch_id AND f.owner_id IS NOT DISTINCT FROM w.owner_id
                           AND f.as_of > day::date
    GROUP BY w.branch_id, w.owner_id, w.aum, w.deposit, day
), people AS (
    SELECT t.branch_id, t.owner_id, day::date AS as_of, t.rank, t.customers - coalesce(sum(f.customers), 0) AS customers
    FROM segments_ownertier t CROSS JOIN generate_series(%(since)s::timestamp, %(as_of)s::timestamp, interval '1 day') day
    LEFT JOIN season_move f ON f.branch_id = t.branch_id AND f.owner_id IS NOT DISTINCT FROM t.owner_id
                           AND f.rank = t.rank AND f.as_of > day::date
    WHERE t.rank > 0 GROUP BY t.branch_id, t.owner_id, t.rank, t.customers, day
), placed_money AS (
    SELECT branch_id, owner_id, as_of, aum, deposit FROM money WHERE owner_id IS NOT NULL
    UNION ALL
    SELECT above.id, NULL, m.as_of, sum(m.aum), sum(m.deposit) FROM money m
    JOIN organization_branch place ON place.id = m.branch_id
    JOIN organization_branch above ON starts_with(place.path, above.path) GROUP BY above.id, m.as_of
), placed_people AS (
    SELECT branch_id, owner_id, as_of, rank, customers FROM people WHERE owner_id IS NOT NULL
    UNION ALL
    SELECT above.id, NULL, p.as_of, p.rank, sum(p.customers) FROM people p
    JOIN organization_branch place ON place.id = p.branch_id
    JOIN organization_branch above ON starts_with(place.path, above.path) GROUP BY above.id, p.as_of, p.rank
), tiers AS (
    SELECT branch_id, owner_id, as_of, jsonb_object_agg(rank, customers) AS customers
    FROM placed_people GROUP BY 1, 2, 3
)
INSERT INTO campaigns_seasonlevel (branch_id, owner_id, as_of, aum, deposit, scheme, customers)
SELECT m.branch_id, m.owner_id, m.as_of, m.aum, m.deposit, (SELECT code FROM segments_tierscheme WHERE is_primary),
       coalesce(t.customers, '{}')
FROM placed_money m LEFT JOIN tiers t ON t.branch_id = m.branch_id AND t.owner_id IS NOT DISTINCT FROM m.owner_id
                                     AND t.as_of = m.as_of
