-- The members of each cell who have qualified by its day, counted again.
UPDATE campaigns_campaigncell c SET qualified = r.qualified
FROM (SELECT campaign_id, branch_id, stratum, arm, count(*) AS qualified FROM campaigns_campaignmember
      WHERE campaign_id = ANY (%(campaigns)s) AND qualified_on <= %(day)s
      GROUP BY campaign_id, branch_id, stratum, arm) r
WHERE c.as_of = %(day)s AND c.qualified <> r.qualified
  AND (c.campaign_id, c.branch_id, c.stratum, c.arm) = (r.campaign_id, r.branch_id, r.stratum, r.arm)
