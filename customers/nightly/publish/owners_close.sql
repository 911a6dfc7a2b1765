-- 管户: the main owner of yesterday ends where the core bank names another or none.
UPDATE customers_ownership o SET until = greatest(n.since, o.since)
FROM night_ownership n
WHERE o.customer_id = n.customer_id AND o.until IS NULL AND o.role = 'main' AND o.owner_id IS DISTINCT FROM n.owner_id
