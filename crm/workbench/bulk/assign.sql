-- A chunk of customers, whose rows the caller has locked, gets another main owner; each item says what became of it.
WITH chosen AS (
    SELECT c.id AS customer_id, c.branch_id, o.id AS open_id, o.owner_id
    FROM customers_customer c
    LEFT JOIN customers_ownership o ON o.customer_id = c.id AND o.role = 'main' AND o.until IS NULL
    WHERE c.id = ANY (%(ids)s)
), moving AS (
    SELECT * FROM chosen WHERE branch_id = %(branch)s AND owner_id IS DISTINCT FROM %(owner)s
), closed AS (
    UPDATE customers_ownership o SET until = %(day)s FROM moving m WHERE o.id = m.open_id RETURNING o.id
), opened AS (
    -- Joined to what was closed, so that no customer has two open main owners at any moment.
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT m.branch_id, m.customer_id, %(owner)s, 'main', %(day)s, %(reason)s
    FROM moving m LEFT JOIN closed x ON x.id = m.open_id
    RETURNING id, customer_id
)
UPDATE customers_bulkitem i
SET outcome = CASE WHEN n.id IS NOT NULL THEN 'changed' WHEN c.owner_id = %(owner)s THEN 'same' ELSE 'other_branch' END,
    closed_id = CASE WHEN n.id IS NOT NULL THEN c.open_id END,
    opened_id = n.id
FROM chosen c LEFT JOIN opened n ON n.customer_id = c.customer_id
WHERE i.job_id = %(job)s AND i.customer_id = c.customer_id
