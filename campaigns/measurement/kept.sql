-- Of those who qualified, who still meets the rule some months after the end.
UPDATE campaigns_campaignmember m
SET kept = r.amount - CASE WHEN c.success = 'gains' THEN r.base ELSE 0 END >= c.kept_amount
FROM campaigns_campaign c, campaigns_reached(ARRAY [%(campaign)s], %(first)s, %(last)s) r
WHERE c.id = %(campaign)s AND m.id = r.member_id AND m.qualified_on IS NOT NULL
