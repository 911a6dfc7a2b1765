-- The other campaigns give up whom this one has, both groups of either: nobody is asked by both, nor by the other where this
-- one compares, and both groups of the other are treated alike.
UPDATE campaigns_campaignmember m SET yielded_to_id = %(campaign)s
FROM campaign_drawn d JOIN campaigns_campaign r ON r.state = 'running' AND r.id <> %(campaign)s
 AND r.starts_on <= %(ends_on)s AND r.ends_on >= %(starts_on)s
WHERE d.arm IS NOT NULL AND d.rival IS NOT NULL AND m.customer_id = d.customer_id AND m.campaign_id = r.id
  AND m.yielded_to_id IS NULL
