-- The lots that are new, at the value of a point now, or of a unit as the customer's tier is given it; of a tier that is given
-- none, as the latest row has it.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, expires_on, source, reason, reference,
                                   unit_value, at)
SELECT s.branch_id, s.customer_id, s.entitlement_id, 'earn', s.quantity, %(day)s, s.expires_on, 'opening', s.source,
       'opening:' || replace(s.source, ':', '：') || ':' || s.source_no,
       CASE WHEN s.entitlement_id IS NULL THEN %(value)s ELSE coalesce(v.unit_value, 0) END, %(now)s
FROM stage_opening s
LEFT JOIN customers_metrics m ON m.customer_id = s.customer_id
LEFT JOIN LATERAL (
    SELECT t.unit_value FROM campaigns_entitlementterm t
    WHERE t.entitlement_id = s.entitlement_id AND t.effective_from <= %(day)s
    ORDER BY t.tier = m.tier DESC NULLS LAST, t.effective_from DESC, t.unit_value DESC LIMIT 1) v ON true
WHERE s.entry_id IS NULL
ORDER BY s.customer_id, s.line
