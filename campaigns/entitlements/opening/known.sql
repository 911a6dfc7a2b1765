-- Whom and what the rows speak of, and which are in the ledger already.
UPDATE stage_opening s SET customer_id = c.id, branch_id = c.branch_id, entitlement_id = t.id, entry_id = e.id
FROM stage_opening o
LEFT JOIN customers_customer c ON c.customer_no = o.customer_no
LEFT JOIN campaigns_entitlement t ON t.code = o.entitlement OR t.name_zh_hans = o.entitlement
LEFT JOIN campaigns_ledgerentry e ON e.reference = 'opening:' || o.source || ':' || o.source_no
WHERE o.line = s.line
