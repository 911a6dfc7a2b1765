INSERT INTO campaigns_campaignstratum (campaign_id, number, tier, band, owner_id, members, controls)
SELECT %(campaign)s, stratum, CASE WHEN %(by_tier)s THEN min(tier) END, CASE WHEN %(by_band)s THEN min(band) END,
       CASE WHEN %(by_owner)s THEN min(owner_id) END, count(*), count(*) FILTER (WHERE arm = 'control')
FROM campaign_drawn WHERE arm IS NOT NULL GROUP BY stratum
