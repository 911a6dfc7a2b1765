-- The cells of these campaigns at the end of a day, from everybody in them.
INSERT INTO campaigns_campaigncell (campaign_id, as_of, branch_id, stratum, arm, members, qualified, change, squares)
SELECT campaign_id, as_of, branch_id, stratum, arm, members, qualified, change, squares
FROM campaigns_cells(%(campaigns)s, %(day)s, %(day)s)
