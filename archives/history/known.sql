-- Who and what the rows speak of: staff who have left are authors too; what was imported before, by its first row and by the
-- last one that an import wrote.
UPDATE stage_contact s SET staff_id = u.id, customer_id = c.id, branch_id = c.branch_id, first_id = f.id,
       last_id = coalesce(n.id, f.id), last_replaced = CASE WHEN n.id IS NULL THEN f.replaced_at ELSE n.replaced_at END IS NOT NULL
FROM stage_contact o
LEFT JOIN organization_user u ON u.staff_no = o.staff_no
LEFT JOIN customers_customer c ON c.customer_no = o.customer_no
LEFT JOIN archives_contactlog f ON f.imported_from = o.source AND f.source_no = o.source_no AND f.source_no <> ''
 AND f.corrects_id IS NULL
LEFT JOIN LATERAL (
    SELECT l.id, l.replaced_at FROM archives_contactlog l
    WHERE l.corrects_id = f.id AND l.imported_from <> '' ORDER BY l.id DESC LIMIT 1) n ON true
WHERE o.line = s.line
