-- The owners before the job return, where nobody has changed them since and they still may own; history keeps both turns.
WITH chosen AS (
    SELECT i.id, i.customer_id, c.branch_id, i.opened_id, former.owner_id,
           o.id IS NOT NULL AS is_untouched,
           former.id IS NULL OR (u.is_active AND u.role = 'relationship_manager' AND u.branch_id = c.branch_id) AS may_own
    FROM customers_bulkitem i
    JOIN customers_customer c ON c.id = i.customer_id
    LEFT JOIN customers_ownership o ON o.id = i.opened_id AND o.until IS NULL
    LEFT JOIN customers_ownership former ON former.id = i.closed_id
    LEFT JOIN organization_user u ON u.id = former.owner_id
    WHERE i.job_id = %(job)s AND i.customer_id = ANY (%(ids)s)
), going_back AS (
    SELECT * FROM chosen WHERE is_untouched AND may_own
), closed AS (
    UPDATE customers_ownership o SET until = %(day)s FROM going_back r WHERE o.id = r.opened_id RETURNING o.id
), opened AS (
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT r.branch_id, r.customer_id, r.owner_id, 'main', %(day)s, %(reason)s
    FROM going_back r JOIN closed x ON x.id = r.opened_id
    WHERE r.owner_id IS NOT NULL
)
UPDATE customers_bulkitem i
SET outcome = CASE WHEN NOT c.is_untouched THEN 'edited' WHEN c.may_own THEN 'restored' ELSE 'former_left' END
FROM chosen c WHERE i.id = c.id
