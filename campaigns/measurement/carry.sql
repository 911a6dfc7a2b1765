-- Tonight's cells of campaigns whose cells of the night before are known: the same, and what tonight's changes of
-- balances add; who has another branch leaves one cell for another. Costs what changed, not the members. Must run before the
-- night's working tables are emptied.
WITH moved AS (
    SELECT m.campaign_id, m.branch_id, coalesce(v.old_branch_id, m.branch_id) AS old_branch_id, m.stratum, m.arm,
           (m.qualified_on IS NOT NULL AND m.qualified_on <= %(previous)s)::int AS qualified, n.old_aum - b.base AS before,
           n.aum - b.base AS after
    FROM night_metrics n
    JOIN campaigns_campaignmember m ON m.customer_id = n.customer_id
    JOIN campaigns_campaign c ON c.id = m.campaign_id
    LEFT JOIN night_customer v ON v.customer_id = n.customer_id
    CROSS JOIN LATERAL (SELECT campaigns_base(c.basis, m.base_average, m.base_aum)) b(base)
    WHERE (n.aum <> n.old_aum OR v.old_branch_id IS NOT NULL) AND m.campaign_id = ANY (%(campaigns)s)
), parts AS (
    SELECT campaign_id, branch_id, stratum, arm, members, qualified, change, squares
    FROM campaigns_campaigncell WHERE campaign_id = ANY (%(campaigns)s) AND as_of = %(previous)s
    UNION ALL
    SELECT campaign_id, old_branch_id, stratum, arm, -1, -qualified, -before, -before * before FROM moved
    UNION ALL
    SELECT campaign_id, branch_id, stratum, arm, 1, qualified, after, after * after FROM moved
)
INSERT INTO campaigns_campaigncell (campaign_id, as_of, branch_id, stratum, arm, members, qualified, change, squares)
SELECT campaign_id, %(as_of)s, branch_id, stratum, arm, sum(members), sum(qualified), sum(change), sum(squares)
FROM parts GROUP BY campaign_id, branch_id, stratum, arm HAVING sum(members) > 0
