-- Whom and what the rows speak of, and which are in the ledger already. A code goes before a name; a name that two entitlements
-- share says neither. The source's own colons are written wide, so that two rows never have one reference.
UPDATE stage_opening s SET customer_id = c.id, branch_id = c.branch_id, entitlement_id = coalesce(t.id, n.id), entry_id = e.id
FROM stage_opening o
LEFT JOIN customers_customer c ON c.customer_no = o.customer_no
LEFT JOIN campaigns_entitlement t ON t.code = o.entitlement
LEFT JOIN (SELECT name_zh_hans, min(id) AS id FROM campaigns_entitlement GROUP BY name_zh_hans HAVING count(*) = 1) n
       ON n.name_zh_hans = o.entitlement
LEFT JOIN campaigns_ledgerentry e ON e.reference = 'opening:' || replace(o.source, ':', '：') || ':' || o.source_no
WHERE o.line = s.line
