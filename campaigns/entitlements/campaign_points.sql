-- The points of campaigns for who reached the goal, once: those of the campaign group whom no other campaign had. What the night
-- took back is given again where the goal is reached after all, what a person took back is not.
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, kind, quantity, day, expires_on, source, reason, reference, unit_value,
                                   campaign_id, at)
SELECT c.branch_id, m.customer_id, 'earn', a.reward_points, %(day)s, %(expires_on)s, 'campaign', '',
       'campaign:' || a.id || ':' || m.customer_id || ':' || had.times, %(value)s, a.id, now()
FROM campaigns_campaign a
JOIN campaigns_campaignmember m ON m.campaign_id = a.id AND m.qualified_on IS NOT NULL AND m.arm = 'treat'
 AND m.yielded_to_id IS NULL
JOIN customers_customer c ON c.id = m.customer_id AND c.status = 'active'
CROSS JOIN LATERAL (
    SELECT count(*) AS times, bool_or(r.id IS NULL OR r.staff_id IS NOT NULL) AS is_given
    FROM campaigns_ledgerentry e LEFT JOIN campaigns_ledgerentry r ON r.reverses_id = e.id
    WHERE e.customer_id = m.customer_id AND e.campaign_id = a.id AND e.kind = 'earn') had
WHERE a.reward_points > 0 AND a.state = ANY ('{running,ended}') AND a.ends_on >= %(ended_after)s AND had.is_given IS NOT TRUE
ORDER BY m.customer_id, a.id
