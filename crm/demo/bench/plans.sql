-- The bare evaluation: for everybody with a main owner the tier, the last effective contact, and whether the cycle of
-- the tier is over.
SELECT count(*) FILTER (WHERE reached.day + k.days <= %(morning)s) AS waiting, count(*) AS managed
FROM customers_customer c
JOIN customers_metrics m ON m.customer_id = c.id
JOIN customers_ownership o ON o.customer_id = c.id AND o.until IS NULL AND o.role = 'main'
JOIN organization_contactcadence k ON k.tier = m.tier
LEFT JOIN (
    SELECT customer_id, max((contacted_at AT TIME ZONE 'Asia/Shanghai')::date) AS day FROM archives_contactlog
    WHERE outcome IN ('interested', 'not_interested', 'booked', 'sold', 'refused') AND channel <> 'sms'
    GROUP BY customer_id
) reached ON reached.customer_id = c.id
WHERE c.status = 'active' AND NOT c.do_not_contact
