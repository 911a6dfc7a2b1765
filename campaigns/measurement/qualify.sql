-- Who meets the rule of these campaigns over these days, and did not before.
UPDATE campaigns_campaignmember m SET qualified_on = %(last)s
FROM campaigns_campaign c, campaigns_reached(%(campaigns)s, %(first)s, %(last)s) r
WHERE c.id = ANY (%(campaigns)s) AND m.campaign_id = c.id AND m.id = r.member_id AND m.qualified_on IS NULL
  AND r.amount - CASE WHEN c.success = 'gains' THEN r.base ELSE 0 END >= c.success_amount
