-- The members of each cell who have qualified by its day, counted again.
UPDATE campaigns_campaigncell c SET qualified = r.qualified
FROM (SELECT branch_id, stratum, arm, count(*) AS qualified FROM campaigns_campaignmember
      WHERE campaign_id = %(campaign)s AND qualified_on <= %(day)s GROUP BY branch_id, stratum, arm) r
WHERE c.campaign_id = %(campaign)s AND c.as_of = %(day)s
  AND (c.branch_id, c.stratum, c.arm) = (r.branch_id, r.stratum, r.arm) AND c.qualified <> r.qualified
