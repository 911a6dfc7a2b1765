-- A manager's customers by tier: how many, how much, how many had an effective contact within the tier's cycle, and how
-- complete and fresh their archives are.
-- A customer without a tier counts while there is money: closed ones have neither.
DELETE FROM segments_ownertier;

WITH counted AS MATERIALIZED (
    SELECT m.customer_id, m.branch_id, o.owner_id, m.tier, m.aum, m.deposit, m.since_date, m.month_days,
           m.last_month_days, a.completeness, a.stale_in
    FROM customers_metrics m
    LEFT JOIN customers_ownership o ON o.customer_id = m.customer_id AND o.role = 'main' AND o.until IS NULL
    LEFT JOIN archives_archive a ON a.customer_id = m.customer_id AND a.version > 0
    WHERE m.tier > 0 OR m.aum <> 0 OR m.deposit <> 0
), stale AS (
    SELECT branch_id, owner_id, tier, jsonb_object_agg(section, customers) AS by_section
    FROM (SELECT branch_id, owner_id, tier, section, count(*) AS customers
          FROM counted CROSS JOIN unnest(stale_in) section GROUP BY 1, 2, 3, 4) sections
    GROUP BY 1, 2, 3
), figures AS (
    SELECT n.branch_id, n.owner_id, n.tier, count(*) AS customers,
           count(*) FILTER (WHERE c.last_at >= CASE WHEN n.tier >= %(top_tier)s THEN %(top_since)s ELSE %(since)s END)
               AS covered,
           sum(n.aum) AS aum, sum(n.deposit) AS deposit,
           sum(month_average(n.aum, n.since_date, n.month_days, %(as_of)s::date)) AS month_average,
           sum(last_month_average(n.aum, n.since_date, n.month_days, n.last_month_days, %(as_of)s::date))
               AS last_month_average,
           count(n.completeness) AS archives, coalesce(sum(n.completeness), 0) AS points,
           count(*) FILTER (WHERE n.completeness < %(enough)s) AS incomplete,
           count(*) FILTER (WHERE n.stale_in <> '{}') AS stale
    FROM counted n
    LEFT JOIN (
        SELECT customer_id, max(contacted_at) AS last_at FROM archives_contactlog
        WHERE contacted_at >= %(since)s AND contacted_at < %(morning)s AND outcome = ANY (%(reached)s)
          AND channel <> %(sms)s AND replaced_at IS NULL
        GROUP BY customer_id
    ) c ON c.customer_id = n.customer_id
    GROUP BY 1, 2, 3
)
INSERT INTO segments_ownertier (branch_id, owner_id, rank, customers, covered, aum, deposit, month_average,
                                last_month_average, archives, points, incomplete, stale, stale_in)
SELECT f.branch_id, f.owner_id, f.tier, f.customers, f.covered, f.aum, f.deposit, f.month_average,
       f.last_month_average, f.archives, f.points, f.incomplete, f.stale, coalesce(s.by_section, '{}')
FROM figures f
LEFT JOIN stale s ON s.branch_id = f.branch_id AND s.owner_id IS NOT DISTINCT FROM f.owner_id AND s.tier = f.tier
