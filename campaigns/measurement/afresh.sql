-- The cells of one campaign at the end of a day, from everybody in it.
INSERT INTO campaigns_campaigncell (campaign_id, as_of, branch_id, stratum, arm, members, qualified, change, squares)
SELECT %(campaign)s, as_of, branch_id, stratum, arm, members, qualified, change, squares
FROM campaigns_cells(%(campaign)s, %(day)s, %(day)s)
