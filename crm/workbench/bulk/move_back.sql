-- The managers before the request return, where nobody has moved the customer since and they still may own.
WITH chosen AS MATERIALIZED (
    SELECT i.id, i.customer_id, c.branch_id, i.opened_id, i.before, former.owner_id,
           o.id IS NOT DISTINCT FROM i.opened_id AS is_untouched,
           u.is_active AND u.role = 'relationship_manager' AND u.branch_id = c.branch_id AS may_own
    FROM customers_bulkitem i
    JOIN customers_customer c ON c.id = i.customer_id
    JOIN customers_ownership former ON former.id = i.closed_id
    JOIN organization_user u ON u.id = former.owner_id
    LEFT JOIN customers_ownership o ON o.customer_id = c.id AND o.role = 'main' AND o.until IS NULL
    WHERE i.job_id = %(job)s AND i.customer_id = ANY (%(ids)s)
), judged AS MATERIALIZED (
    SELECT *, CASE WHEN NOT is_untouched THEN 'edited' WHEN may_own THEN 'restored' ELSE 'former_left' END AS outcome
    FROM chosen
), closed AS (
    UPDATE customers_ownership o SET until = %(day)s
    FROM judged j WHERE j.outcome = 'restored' AND o.id = j.opened_id RETURNING o.id
), opened AS (
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT j.branch_id, j.customer_id, j.owner_id, 'main', %(day)s, %(reason)s
    FROM judged j LEFT JOIN closed x ON x.id = j.opened_id
    WHERE j.outcome = 'restored'
), beside AS (
    UPDATE customers_ownership a SET until = NULL
    FROM judged j CROSS JOIN LATERAL jsonb_array_elements_text(j.before -> 'ended') e (id)
    WHERE j.outcome = 'restored' AND a.id = e.id::bigint
), written AS (
    UPDATE customers_ownershipmove v SET outcome = j.outcome
    FROM judged j WHERE v.request_id = %(request)s AND v.customer_id = j.customer_id
)
UPDATE customers_bulkitem i SET outcome = j.outcome FROM judged j WHERE i.id = j.id
