-- Who meets the rule of these campaigns over these days, and did not before. As an array: few of the members do, and they are
-- found by their ids.
UPDATE campaigns_campaignmember SET qualified_on = %(last)s
WHERE qualified_on IS NULL AND id = ANY (ARRAY(
    SELECT r.member_id
    FROM campaigns_reached(%(campaigns)s, %(first)s, %(last)s) r JOIN campaigns_campaign c ON c.id = r.campaign_id
    WHERE r.amount - CASE WHEN c.success = 'gains' THEN r.base ELSE 0 END >= c.success_amount))
