-- How many of each cell of the last look kept what they reached.
UPDATE campaigns_campaigncell c SET kept = coalesce(r.kept, 0)
FROM campaigns_campaigncell known
LEFT JOIN (SELECT branch_id, stratum, arm, count(*) AS kept FROM campaigns_campaignmember
           WHERE campaign_id = %(campaign)s AND kept GROUP BY branch_id, stratum, arm) r
       USING (branch_id, stratum, arm)
WHERE known.campaign_id = %(campaign)s AND known.as_of = %(day)s AND c.id = known.id
