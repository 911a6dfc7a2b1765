-- Who meets the rule over these days, and did not before.
UPDATE campaigns_campaignmember m SET qualified_on = %(last)s
FROM campaigns_campaign c, campaigns_reached(%(campaign)s, %(first)s, %(last)s) r
WHERE c.id = %(campaign)s AND m.id = r.member_id AND m.qualified_on IS NULL
  AND r.amount - CASE WHEN c.success = 'gains' THEN r.base ELSE 0 END >= c.success_amount
