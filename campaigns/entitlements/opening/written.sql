-- The lots that are new, at the value of a unit or a point now.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, expires_on, source, reason, reference,
                                   unit_value, at)
SELECT s.branch_id, s.customer_id, s.entitlement_id, 'earn', s.quantity, %(day)s, s.expires_on, 'opening', s.source,
       'opening:' || s.source || ':' || s.source_no,
       CASE WHEN s.entitlement_id IS NULL THEN %(value)s ELSE coalesce(v.unit_value, 0) END, %(now)s
FROM stage_opening s
LEFT JOIN (SELECT entitlement_id, max(unit_value) AS unit_value FROM campaigns_entitlementterm
           WHERE effective_from <= %(day)s GROUP BY entitlement_id) v USING (entitlement_id)
WHERE s.entry_id IS NULL
ORDER BY s.customer_id, s.line
