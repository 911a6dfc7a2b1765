-- The sample of a draw: of each manager of the branch, the first archives in an order that the seed alone decides.
-- Whoever draws is left out as an owner, since nobody looks at the own archives.
INSERT INTO archives_inspection (draw_id, branch_id, customer_id, owner_id)
SELECT %(draw)s, %(branch)s, customer_id, owner_id
FROM (
    SELECT o.customer_id, o.owner_id,
           row_number() OVER (PARTITION BY o.owner_id ORDER BY md5(%(seed)s || ':' || o.customer_id), o.customer_id)
               AS place
    FROM customers_ownership o
    JOIN archives_archive a ON a.customer_id = o.customer_id AND a.version > 0
    JOIN customers_customer c ON c.id = o.customer_id AND c.status = 'active'
    WHERE o.branch_id = %(branch)s AND o.role = 'main' AND o.until IS NULL AND o.owner_id <> %(actor)s
) pool
WHERE place <= %(number)s
ORDER BY owner_id, place
