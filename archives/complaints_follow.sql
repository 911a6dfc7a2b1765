-- Open complaints of customers whom this night has moved to another branch, where the handler does not see that branch any
-- more: they go to who leads it, else to the nearest who leads a branch above; never to whom the complaint is about.
WITH lost AS (
    SELECT p.id, p.branch_id, p.customer_id, p.complained_of_id, p.due_date, b.path
    FROM night_customer n
    JOIN archives_complaint p ON p.customer_id = n.customer_id AND p.state <> 'closed'
    JOIN organization_branch b ON b.id = p.branch_id
    JOIN organization_user h ON h.id = p.handler_id
    JOIN organization_branch own ON own.id = h.branch_id
    WHERE n.old_branch_id IS NOT NULL AND NOT (h.is_active AND (
        own.id = b.id OR (h.role = 'branch_manager' AND h.reach = 'subtree' AND starts_with(b.path, own.path))))
), taken AS (
    SELECT DISTINCT ON (l.id) l.*, u.id AS handler_id, u.name
    FROM lost l
    JOIN organization_user u ON u.is_active AND u.role = 'branch_manager' AND u.id IS DISTINCT FROM l.complained_of_id
    JOIN organization_branch ub ON ub.id = u.branch_id
     AND (ub.id = l.branch_id OR (u.reach = 'subtree' AND starts_with(l.path, ub.path)))
    ORDER BY l.id, length(ub.path) DESC, u.staff_no
), given AS (
    UPDATE archives_complaint p SET handler_id = t.handler_id FROM taken t WHERE p.id = t.id
)
INSERT INTO archives_complaintstep (branch_id, customer_id, complaint_id, act, note, due_date, at)
SELECT branch_id, customer_id, id, 'hand', name || ': ' || %(reason)s, due_date, now() FROM taken
