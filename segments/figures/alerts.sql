-- Live alerts by main owner, as if nobody had answered one or moved a customer from the business date on.
DELETE FROM segments_owneralerts;

INSERT INTO segments_owneralerts (branch_id, owner_id, customers, alerts, red)
SELECT a.branch_id, o.owner_id, count(DISTINCT a.customer_id), count(*), count(*) FILTER (WHERE a.severity = 1)
FROM customers_alert a
LEFT JOIN customers_ownership o ON o.customer_id = a.customer_id AND o.role = 'main' AND o.since < %(as_of)s
                               AND (o.until IS NULL OR o.until >= %(as_of)s)
WHERE a.state = ANY (%(live)s) OR (a.closed_by_id IS NOT NULL AND a.closed_on >= %(as_of)s)
GROUP BY a.branch_id, o.owner_id
