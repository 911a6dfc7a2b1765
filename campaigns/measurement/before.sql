-- The curves of the days before a campaign was first measured, from the history of balances.
INSERT INTO campaigns_campaignday (campaign_id, as_of, branch_id, arm, members, qualified, change)
SELECT %(campaign)s, as_of, branch_id, arm, sum(members), sum(qualified), sum(change)
FROM campaigns_cells(%(campaign)s, %(first)s, %(last)s) GROUP BY as_of, branch_id, arm
