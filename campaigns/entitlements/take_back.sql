-- What the day that is being corrected gave and is not due now: by tier, where the tier of now is given less in the period, of
-- campaigns whose goal was not reached, and for whoever came to no account after all. Only what nobody has used yet; the grants
-- that follow give again what is due.
WITH written AS (
    SELECT e.* FROM campaigns_ledgerentry e
    WHERE e.day = %(day)s AND e.kind = 'earn' AND e.staff_id IS NULL
      AND 0 = (SELECT coalesce(sum(x.quantity), 0) FROM campaigns_ledgerentry x
               WHERE x.customer_id = e.customer_id AND x.lot_id = e.id)
      AND CASE e.source
          WHEN 'tier' THEN e.expires_on >= %(day)s AND NOT EXISTS (
              SELECT FROM customers_metrics m
              JOIN customers_customer c ON c.id = m.customer_id AND c.status = 'active'
              JOIN LATERAL (
                  SELECT t.quantity, date_trunc(t.period, %(day)s::timestamp)::date AS begins FROM campaigns_entitlementterm t
                  WHERE t.entitlement_id = e.entitlement_id AND t.tier = m.tier AND t.effective_from <= %(day)s
                  ORDER BY t.effective_from DESC LIMIT 1) t ON true
              WHERE m.customer_id = e.customer_id AND t.quantity >= (
                  SELECT sum(g.quantity) FROM campaigns_ledgerentry g
                  WHERE g.customer_id = e.customer_id AND g.entitlement_id = e.entitlement_id AND g.source = 'tier'
                    AND g.day >= t.begins AND (g.kind = 'earn' OR (g.kind = 'reverse' AND g.staff_id IS NULL))))
          WHEN 'campaign' THEN NOT EXISTS (
              SELECT FROM campaigns_campaignmember m
              WHERE m.customer_id = e.customer_id AND m.campaign_id = e.campaign_id AND m.qualified_on IS NOT NULL)
          WHEN 'referral' THEN NOT EXISTS (
              SELECT FROM campaigns_prospect p
              WHERE e.reference = 'referral:' || p.id AND p.introduced_by_id = e.customer_id AND p.converted_on IS NOT NULL)
          ELSE false END
)
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, source, reason, reference,
                                   unit_value, campaign_id, reverses_id, lot_id, at)
SELECT branch_id, customer_id, entitlement_id, 'reverse', -quantity, %(day)s, source, '', 'reverse:' || id, unit_value,
       campaign_id, id, id, now()
FROM written ORDER BY customer_id, id
