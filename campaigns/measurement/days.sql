-- The groups of a day, from its cells.
INSERT INTO campaigns_campaignday (campaign_id, as_of, branch_id, arm, members, qualified, change)
SELECT campaign_id, as_of, branch_id, arm, sum(members), sum(qualified), sum(change)
FROM campaigns_campaigncell WHERE campaign_id = ANY (%(campaigns)s) AND as_of = %(day)s
GROUP BY campaign_id, as_of, branch_id, arm
