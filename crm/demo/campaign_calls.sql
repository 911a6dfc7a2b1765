-- What managers called about since a campaign began: a third of those in the campaign group, with plans of nobody else.
INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, outcome,
                                 summary, next_action, recorded_at, campaign_id)
SELECT m.branch_id, m.customer_id, m.owner_id, said.at, 'phone', 'outbound', 'campaign', said.outcome,
       CASE said.outcome WHEN 'interested' THEN '愿意把他行资金转来一部分' WHEN 'not_interested' THEN '暂无闲置资金'
            WHEN 'booked' THEN '约定到网点看产品' WHEN 'sold' THEN '已转入并办理三个月定期' ELSE '' END,
       '', said.at, m.campaign_id
FROM campaigns_campaignmember m
CROSS JOIN LATERAL (
    SELECT (%(starts_on)s::date + floor(pg_temp.chance(m.customer_id, 801) * (%(as_of)s::date - %(starts_on)s::date + 1))::int
            + time '01:00' + interval '1 minute' * floor(pg_temp.chance(m.customer_id, 802) * 480)) AT TIME ZONE 'UTC' AS at,
           (ARRAY['not_reached', 'not_reached', 'not_reached', 'interested', 'interested', 'not_interested',
                  'not_interested', 'booked', 'sold'])[1 + floor(pg_temp.chance(m.customer_id, 803) * 9)::int] AS outcome) said
WHERE m.campaign_id = %(campaign)s AND m.arm = 'treat' AND m.yielded_to_id IS NULL AND m.owner_id IS NOT NULL
  AND pg_temp.chance(m.customer_id, 804) < 0.35
  AND NOT EXISTS (SELECT FROM archives_maintenanceplan p
                  WHERE p.customer_id = m.customer_id AND (p.state = 'planned' OR p.state = 'paused'))
  AND NOT EXISTS (SELECT FROM archives_contactlog l
                  WHERE l.customer_id = m.customer_id AND l.contacted_at >= %(starts_on)s::date - 30)
ORDER BY said.at
