-- A campaign that runs with a third of all customers, a tenth of them in the control group, in strata by base.
WITH made AS (
    INSERT INTO campaigns_campaign (basis, base_from, base_below, success, success_amount, kept_months, kept_amount, bands,
        control_pct, stratify_by, leaves_out_loans, name, kind, theme, owner_branch_id, segment_id, starts_on, ends_on,
        baseline_from, baseline_to, priority, reward, cost, state, created_by_id, asked_by_id, decided_by_id, figures,
        figures_hash, refusal, launched_at, as_of, audience_hash, members_count, controls)
    SELECT 'average', 0, NULL, 'gains', 10000, 3, 10000, '{10000,50000,500000}', 10, '{band}', false, '测算' || %(number)s,
           'qualify', '', (SELECT min(id) FROM organization_branch), (SELECT min(id) FROM segments_segment), %(starts)s,
           %(ends)s, %(baseline)s, %(starts)s::date - 1, 5, '', 0, 'running', u.one, u.one, u.two, '{}', repeat('0', 64), '',
           now(), %(starts)s::date - 1, repeat('0', 64), 1, 1
    FROM (SELECT min(id) AS one, max(id) AS two FROM organization_user) u RETURNING id, bands
), enlisted AS (
    INSERT INTO campaigns_campaignmember (campaign_id, customer_id, branch_id, arm, stratum, draw, tier, band, base_average,
        base_aum, launch_aum)
    SELECT made.id, k.customer_id, k.branch_id, CASE WHEN b.draw %% 10 = 0 THEN 'control' ELSE 'treat' END,
           width_bucket(k.aum, made.bands), b.draw, k.tier, width_bucket(k.aum, made.bands), k.aum, k.aum, k.aum
    FROM made, customers_metrics k
    CROSS JOIN LATERAL (SELECT ('x' || left(encode(sha256(convert_to(made.id || ':' || k.customer_id, 'UTF8')), 'hex'),
                                            15))::bit(60)::bigint) b(draw)
    WHERE k.customer_id %% 3 = %(number)s %% 3
    RETURNING campaign_id, stratum, arm
)
INSERT INTO campaigns_campaignstratum (campaign_id, number, band, members, controls)
SELECT campaign_id, stratum, stratum, count(*), count(*) FILTER (WHERE arm = 'control')
FROM enlisted GROUP BY campaign_id, stratum
