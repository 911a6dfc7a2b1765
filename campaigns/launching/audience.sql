-- Everybody of the segment: the base figures, the first reason to be left out (choices.Exclusion) or the stratum and the
-- group. One SELECT over sets; nothing of it depends on who asks. The same campaign and customer draw the same lot always.
WITH candidates AS MATERIALIZED (
    SELECT m.customer_id, c.branch_id, c.status, c.profiling_opt_out, coalesce(k.aum, 0) AS aum, coalesce(k.tier, 0) AS tier,
           o.owner_id
    FROM segments_segmentmember m
    JOIN customers_customer c ON c.id = m.customer_id
    JOIN organization_branch b ON b.id = c.branch_id AND starts_with(b.path, %(path)s)
    LEFT JOIN customers_metrics k ON k.customer_id = m.customer_id
    LEFT JOIN customers_ownership o ON o.customer_id = m.customer_id AND o.role = 'main' AND o.until IS NULL
    WHERE m.segment_id = %(segment)s
), moved AS (
    -- What was held on a past day is what is held today less what changed after it.
    SELECT x.customer_id,
           sum((x.new_counted - x.old_counted)
               * (least(x.as_of, %(baseline_to)s::date + 1) - %(baseline_from)s::date)) AS not_yet,
           sum(x.new_counted - x.old_counted) FILTER (WHERE x.as_of > %(baseline_to)s) AS since
    FROM customers_balancechange x
    WHERE x.as_of > %(baseline_from)s AND x.customer_id IN (SELECT customer_id FROM candidates)
      -- What the bank's first night brought in had stood before: of those days nothing else is known.
      AND x.as_of IS DISTINCT FROM (
          SELECT min(business_date) FROM jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL)
    GROUP BY x.customer_id
), based AS (
    SELECT c.*, d.base_average, d.base_aum,
           CASE WHEN %(basis)s = 'average' THEN d.base_average ELSE d.base_aum END AS base
    FROM candidates c LEFT JOIN moved v USING (customer_id)
    CROSS JOIN LATERAL (SELECT
        trunc(c.aum - coalesce(v.not_yet, 0) / (%(baseline_to)s::date - %(baseline_from)s::date + 1), 2) AS base_average,
        c.aum - coalesce(v.since, 0) AS base_aum) d
), indebted AS (
    SELECT DISTINCT h.customer_id FROM customers_holding h
    WHERE %(leaves_out_loans)s AND h.status = 'open' AND h.funding_source = 'loan' AND h.balance > 0
), awaiting AS (
    -- Their balances will move by themselves.
    SELECT DISTINCT h.customer_id FROM customers_holding h
    WHERE h.status = 'open' AND h.funding_source = 'clear' AND h.balance > 0
), barred AS (
    -- Whom a campaign that runs leaves alone, this one may have all the same: rivals says which of them does.
    SELECT f.customer_id, f.bar FROM contact_refusals('campaign', 'phone', %(starts_on)s::date) f
    WHERE f.bar <> 'left_alone'
), rivals AS (
    -- Who runs at the same time and has the customer: the lower priority number, then the earlier start, then the older one.
    -- In either group: who asked only the other's control group would undo what the other compares.
    SELECT DISTINCT ON (m.customer_id) m.customer_id, r.id AS rival,
           (r.priority, r.starts_on, r.id) < (%(priority)s, %(starts_on)s::date, %(campaign)s) AS goes_before
    FROM campaigns_campaignmember m JOIN campaigns_campaign r ON r.id = m.campaign_id
    WHERE r.state = 'running' AND r.id <> %(campaign)s AND r.starts_on <= %(ends_on)s AND r.ends_on >= %(starts_on)s
      AND m.yielded_to_id IS NULL
    ORDER BY m.customer_id, r.priority, r.starts_on, r.id
), reasoned AS (
    SELECT b.*, v.rival, CASE
        WHEN b.status <> 'active' THEN 'closed'
        WHEN b.base < %(base_from)s::numeric OR b.base >= %(base_below)s::numeric THEN 'out_of_base'
        WHEN b.customer_id IN (SELECT customer_id FROM indebted) THEN 'loan_funded'
        WHEN b.customer_id IN (SELECT customer_id FROM awaiting) THEN 'in_transit'
        WHEN b.profiling_opt_out THEN 'opt_out'
        WHEN f.bar IS NOT NULL THEN f.bar
        WHEN v.goes_before THEN 'yielded' END AS reason
    FROM based b LEFT JOIN barred f USING (customer_id) LEFT JOIN rivals v USING (customer_id)
), placed AS (
    SELECT r.*, width_bucket(r.base, %(bands)s::numeric[]) AS band,
           ('x' || left(encode(sha256(convert_to(%(campaign)s || ':' || r.customer_id, 'UTF8')), 'hex'), 15))::bit(60)::bigint
               AS draw
    FROM reasoned r
), alike AS (
    SELECT p.*, CASE WHEN p.reason IS NULL THEN dense_rank() OVER (
               ORDER BY p.reason IS NOT NULL, CASE WHEN %(by_tier)s THEN p.tier END,
                        CASE WHEN %(by_band)s THEN p.band END, CASE WHEN %(by_owner)s THEN p.owner_id END) END AS stratum,
           count(*) FILTER (WHERE p.reason IS NULL) OVER () AS members
    FROM placed p
), sized AS (
    -- The asked for share, to the customer; nobody where so few would tell nothing.
    SELECT a.*, CASE WHEN a.members * %(control_pct)s / 100 >= %(least_control)s
                     THEN a.members * %(control_pct)s / 100 ELSE 0 END AS controls,
           row_number() OVER (PARTITION BY a.reason IS NULL ORDER BY a.stratum, a.draw, a.customer_id) AS place
    FROM alike a
), offsets AS (
    -- Where the count begins is drawn too, so that nobody in a small stratum is more likely than others.
    SELECT s.*, ('x' || left(encode(sha256(convert_to(%(campaign)s || ':', 'UTF8')), 'hex'), 15))::bit(60)::bigint
                %% greatest(s.members, 1) AS begun
    FROM sized s
)
SELECT (SELECT max(business_date) FROM jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL) AS as_of,
       customer_id, branch_id, owner_id, tier, band, base_average, base_aum, aum AS launch_aum, draw, stratum, rival, reason,
       CASE WHEN reason IS NULL THEN CASE
           WHEN (place + begun) * controls / greatest(members, 1) > (place + begun - 1) * controls / greatest(members, 1)
           THEN 'control' ELSE 'treat' END END AS arm
FROM offsets
