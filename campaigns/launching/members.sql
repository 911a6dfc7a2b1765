INSERT INTO campaigns_campaignmember (campaign_id, customer_id, branch_id, arm, stratum, draw, tier, band, owner_id,
                                      base_average, base_aum, launch_aum)
SELECT %(campaign)s, customer_id, branch_id, arm, stratum, draw, tier, band, owner_id, base_average, base_aum, launch_aum
FROM campaign_drawn WHERE arm IS NOT NULL ORDER BY branch_id, customer_id
