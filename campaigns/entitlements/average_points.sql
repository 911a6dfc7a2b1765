-- Whole points for the average of the month that is over, as far as it lies above an amount (DOMAIN §4), once a month.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, kind, quantity, day, expires_on, source, reason, reference, unit_value, at)
SELECT c.branch_id, c.id, 'earn', v.points, %(day)s, %(expires_on)s, 'average', '', 'average:' || %(month)s || ':' || c.id,
       %(value)s, now()
FROM customers_metrics m
JOIN customers_customer c ON c.id = m.customer_id AND c.status = 'active'
CROSS JOIN LATERAL (
    SELECT least(floor((last_month_average(m.aum, m.since_date, m.month_days, m.last_month_days, %(as_of)s) - %(above)s)
                       * %(permille)s / 1000), 1000000)::integer AS points) v
WHERE v.points > 0
ORDER BY c.id
ON CONFLICT (reference) DO NOTHING
