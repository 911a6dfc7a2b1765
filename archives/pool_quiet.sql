SELECT o.customer_id, o.owner_id, o.branch_id, coalesce(m.aum, 0) AS aum, coalesce(m.tier, 0) AS tier
FROM customers_ownership o
JOIN customers_customer c ON c.id = o.customer_id AND c.status = 'active' AND c.branch_id = o.branch_id
LEFT JOIN customers_metrics m ON m.customer_id = o.customer_id
WHERE o.role = 'main' AND o.until IS NULL AND o.branch_id = %(branch)s
  -- Whoever took over has the whole time too.
  AND o.since <= %(since)s
  AND (%(ids)s::bigint[] IS NULL OR o.customer_id = ANY (%(ids)s::bigint[]))
  AND NOT EXISTS (
      SELECT FROM customers_holding h JOIN customers_product p ON p.id = h.product_id
      WHERE h.customer_id = o.customer_id AND p.product_class <> 'loan'
        AND h.maturity_date BETWEEN %(since)s AND %(ahead)s)
  AND NOT EXISTS (
      -- What people mean to do; what the night asks of the manager is no service yet.
      SELECT FROM archives_maintenanceplan p
      WHERE p.customer_id = o.customer_id AND p.state IN ('planned', 'paused') AND p.episode = '')
  AND NOT EXISTS (SELECT FROM archives_open_complaint k WHERE k.customer_id = o.customer_id)
  AND NOT EXISTS (
      SELECT FROM customers_alert a WHERE a.customer_id = o.customer_id AND a.state IN ('following', 'snoozed'))
  AND NOT EXISTS (
      SELECT FROM archives_contactlog l
      WHERE l.customer_id = o.customer_id AND l.contacted_at >= %(since_moment)s
        AND l.outcome = ANY (%(reached)s) AND l.channel <> 'sms' AND l.replaced_at IS NULL)
  AND coalesce((
      SELECT sum(b.new_counted - b.old_counted - b.reclassified) FROM customers_balancechange b
      WHERE b.customer_id = o.customer_id AND b.as_of > %(since)s), 0) <= %(growth)s
