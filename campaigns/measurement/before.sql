-- The curves of the days before these campaigns were first measured, from the history of balances.
INSERT INTO campaigns_campaignday (campaign_id, as_of, branch_id, arm, members, qualified, change)
SELECT campaign_id, as_of, branch_id, arm, sum(members), sum(qualified), sum(change)
FROM campaigns_cells(%(campaigns)s, %(first)s, %(last)s) GROUP BY campaign_id, as_of, branch_id, arm
