-- A chunk of customers of a request, whose rows the caller has locked, changes hands; each item and move says what became
-- of it. Who was changed in between is left as they are. Without a new manager the customer goes into the pool.
WITH chosen AS MATERIALIZED (
    SELECT v.id AS move_id, v.customer_id, v.from_owner_id, v.to_owner_id, c.branch_id, o.id AS open_id,
        CASE
            WHEN c.status <> 'active' THEN 'closed_since'
            WHEN c.branch_id <> v.branch_id THEN 'other_branch'
            WHEN o.owner_id IS DISTINCT FROM v.from_owner_id THEN 'moved_since'
            WHEN v.to_owner_id IS NOT NULL
                AND NOT (u.is_active AND u.role = 'relationship_manager' AND u.branch_id = c.branch_id)
                THEN 'target_left'
            WHEN %(quiet)s::bigint[] IS NOT NULL AND v.customer_id <> ALL (%(quiet)s::bigint[]) THEN 'in_use'
            ELSE 'changed'
        END AS outcome
    FROM customers_ownershipmove v
    JOIN customers_customer c ON c.id = v.customer_id
    LEFT JOIN customers_ownership o ON o.customer_id = c.id AND o.role = 'main' AND o.until IS NULL
    LEFT JOIN organization_user u ON u.id = v.to_owner_id
    WHERE v.request_id = %(request)s AND v.customer_id = ANY (%(ids)s)
), moving AS MATERIALIZED (
    SELECT * FROM chosen WHERE outcome = 'changed'
), helped AS (
    -- Plans that a colleague was to do: they follow the new manager like all others, and return to the colleague.
    SELECT p.customer_id, jsonb_object_agg(p.id, p.owner_id) AS plans
    FROM archives_maintenanceplan p JOIN moving m USING (customer_id)
    WHERE p.state IN ('planned', 'paused') AND p.owner_id <> m.from_owner_id GROUP BY p.customer_id
), ended AS (
    -- Whoever becomes the main owner is no assistant or foster owner beside.
    UPDATE customers_ownership a SET until = %(day)s
    FROM moving m
    WHERE a.customer_id = m.customer_id AND a.owner_id = m.to_owner_id AND a.role <> 'main' AND a.until IS NULL
    RETURNING a.id, a.customer_id
), closed AS (
    UPDATE customers_ownership o SET until = %(day)s FROM moving m WHERE o.id = m.open_id RETURNING o.id
), opened AS (
    -- Joined to what was closed, so that no customer has two open main owners at any moment.
    INSERT INTO customers_ownership (branch_id, customer_id, owner_id, role, since, reason)
    SELECT m.branch_id, m.customer_id, m.to_owner_id, 'main', %(day)s, %(reason)s
    FROM moving m JOIN closed x ON x.id = m.open_id
    WHERE m.to_owner_id IS NOT NULL
    RETURNING id, customer_id
), noted AS (
    SELECT m.customer_id, jsonb_build_object(
        'contacts', (
            SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.contacted_at DESC), '[]') FROM (
                SELECT l.contacted_at, l.channel, l.outcome, l.summary, s.name AS staff
                FROM archives_contactlog l JOIN organization_user s ON s.id = l.staff_id
                WHERE l.customer_id = m.customer_id AND l.replaced_at IS NULL
                ORDER BY l.contacted_at DESC, l.id DESC LIMIT 3) l),
        'plan', (
            SELECT to_jsonb(p) FROM (
                SELECT p.due_date, p.purpose, p.note, t.name_zh_hans AS zh_hans, t.name_zh_hant AS zh_hant,
                       t.name_en AS en
                FROM archives_maintenanceplan p LEFT JOIN archives_planstep t ON t.id = p.step_id
                WHERE p.customer_id = m.customer_id AND p.state = 'planned' ORDER BY p.due_date, p.id LIMIT 1) p),
        'maturities', (
            SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.maturity_date), '[]') FROM (
                SELECT d.name, h.balance::text AS balance, h.maturity_date, h.auto_rollover
                FROM customers_holding h JOIN customers_product d ON d.id = h.product_id
                WHERE h.customer_id = m.customer_id AND h.status = 'open' AND h.balance > 0
                  AND d.product_class <> 'loan' AND h.maturity_date BETWEEN %(day)s AND %(day)s + 90
                ORDER BY h.maturity_date, h.id LIMIT 3) h),
        'alerts', (
            SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.severity), '[]') FROM (
                SELECT a.kind, a.due_date, a.severity FROM customers_alert a
                WHERE a.customer_id = m.customer_id AND a.state IN ('new', 'read', 'following', 'snoozed')
                ORDER BY a.severity, a.due_date LIMIT 3) a)
    ) AS note
    FROM moving m WHERE m.to_owner_id IS NOT NULL
), written AS (
    UPDATE customers_ownershipmove v
    SET outcome = c.outcome, note = n.note, aum = CASE WHEN c.outcome = 'changed' THEN coalesce(t.aum, 0) ELSE v.aum END,
        moved_at = CASE WHEN c.outcome = 'changed' THEN %(now)s END
    FROM chosen c
    LEFT JOIN customers_metrics t ON t.customer_id = c.customer_id
    LEFT JOIN noted n ON n.customer_id = c.customer_id
    WHERE v.id = c.move_id
)
UPDATE customers_bulkitem i
SET outcome = c.outcome,
    closed_id = CASE WHEN c.outcome = 'changed' THEN c.open_id END,
    opened_id = o.id,
    before = jsonb_build_object('plans', coalesce(h.plans, '{}'), 'ended', coalesce(e.ids, '[]'))
FROM chosen c
LEFT JOIN opened o ON o.customer_id = c.customer_id
LEFT JOIN helped h ON h.customer_id = c.customer_id
LEFT JOIN (SELECT customer_id, jsonb_agg(id) AS ids FROM ended GROUP BY 1) e ON e.customer_id = c.customer_id
WHERE i.job_id = %(job)s AND i.customer_id = c.customer_id
