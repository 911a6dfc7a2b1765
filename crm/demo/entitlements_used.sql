-- Some customers of a manager have used one unit of what they were given since a day, or half of the points.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, source, reason, reference,
                                   unit_value, lot_id, staff_id, at)
SELECT e.branch_id, e.customer_id, e.entitlement_id, 'spend', CASE WHEN e.entitlement_id IS NULL THEN -greatest(e.quantity / 2, 1) ELSE -1 END,
       d.day, 'manual', CASE WHEN e.entitlement_id IS NULL THEN '兑换机场接送' ELSE '' END, 'use:demo:' || e.id || ':0', e.unit_value, e.id,
       o.owner_id, (d.day + time '10:20') AT TIME ZONE 'Asia/Shanghai'
FROM campaigns_ledgerentry e
JOIN demo_owner o ON o.customer_id = e.customer_id
CROSS JOIN LATERAL (
    SELECT e.day + floor(pg_temp.chance(e.id, 870) * (least(e.expires_on, %(as_of)s, e.day + 85) - e.day + 1))::int AS day) d
WHERE e.kind = 'earn' AND e.day >= %(since)s AND d.day <= %(as_of)s AND pg_temp.chance(e.id, 871) < 0.3
ORDER BY d.day, e.id LIMIT 2000
