-- Points for who introduced somebody that came to an account since the rule holds, once for each.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, kind, quantity, day, expires_on, source, reason, reference, unit_value, at)
SELECT c.branch_id, c.id, 'earn', %(number)s, %(day)s, %(expires_on)s, 'referral', '', 'referral:' || p.id, %(value)s, now()
FROM campaigns_prospect p
JOIN customers_customer c ON c.id = p.introduced_by_id AND c.status = 'active'
WHERE p.converted_on = %(as_of)s AND p.opened_as_id <> p.introduced_by_id
ORDER BY c.id, p.id
ON CONFLICT (reference) DO NOTHING
