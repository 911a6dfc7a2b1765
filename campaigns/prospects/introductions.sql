-- Whom a customer has introduced, whom these have, and so on; each once, on the shortest way, however many introduced them.
WITH RECURSIVE tree AS (
    SELECT related_customer_id AS id, customer_id AS by_id, 1 AS depth
    FROM customers_relation
    WHERE customer_id = %(root)s AND relation_type = 'introduced' AND related_customer_id IS NOT NULL
    UNION
    SELECT r.related_customer_id, r.customer_id, t.depth + 1
    FROM tree t JOIN customers_relation r ON r.customer_id = t.id AND r.relation_type = 'introduced'
    WHERE t.depth < %(deepest)s AND r.related_customer_id IS NOT NULL
), first AS (
    SELECT DISTINCT ON (id) id, by_id, depth FROM tree WHERE id <> %(root)s ORDER BY id, depth, by_id
)
SELECT f.id, f.by_id, f.depth, c.open_date, c.status = 'active' AS is_here, m.aum,
       count(*) OVER () AS people, count(c.id) OVER () AS known, count(*) FILTER (WHERE c.status = 'active') OVER () AS here,
       coalesce(sum(m.aum) OVER (), 0) AS total
FROM first f
LEFT JOIN customers_customer c ON c.id = f.id
LEFT JOIN customers_metrics m ON m.customer_id = f.id
ORDER BY f.depth, m.aum DESC NULLS LAST, f.id
LIMIT %(most)s
