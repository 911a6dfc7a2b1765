-- Tonight's cells of campaigns whose cells of the night before are known: the same, and what tonight's changes of
-- balances add. Costs what changed, not the members. Must run before the night's working tables are emptied.
WITH moved AS (
    SELECT m.campaign_id, m.branch_id, m.stratum, m.arm, sum(n.aum - n.old_aum) AS change,
           sum((n.aum - b.base) * (n.aum - b.base) - (n.old_aum - b.base) * (n.old_aum - b.base)) AS squares
    FROM night_metrics n
    JOIN campaigns_campaignmember m ON m.customer_id = n.customer_id
    JOIN campaigns_campaign c ON c.id = m.campaign_id
    CROSS JOIN LATERAL (SELECT campaigns_base(c.basis, m.base_average, m.base_aum)) b(base)
    WHERE n.aum <> n.old_aum AND m.campaign_id = ANY (%(campaigns)s)
    GROUP BY m.campaign_id, m.branch_id, m.stratum, m.arm
)
INSERT INTO campaigns_campaigncell (campaign_id, as_of, branch_id, stratum, arm, members, qualified, change, squares)
SELECT campaign_id, %(as_of)s, branch_id, stratum, arm, members, qualified, c.change + coalesce(m.change, 0),
       c.squares + coalesce(m.squares, 0)
FROM campaigns_campaigncell c LEFT JOIN moved m USING (campaign_id, branch_id, stratum, arm)
WHERE c.campaign_id = ANY (%(campaigns)s) AND c.as_of = %(previous)s
