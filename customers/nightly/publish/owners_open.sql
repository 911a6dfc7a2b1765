-- 管户: the main owner that the core bank names.
INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
SELECT n.branch_id, n.customer_id, n.owner_id, 'main', n.since, 'core bank'
FROM night_ownership n
WHERE n.owner_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM customers_ownership o
                  WHERE o.customer_id = n.customer_id AND o.until IS NULL AND o.role = 'main')
