-- A manager's customers by tier: how many, how much, and how many had an effective contact within the tier's cycle.
-- A customer without a tier counts while there is money: closed ones have neither.
DELETE FROM segments_ownertier;

INSERT INTO segments_ownertier (branch_id, owner_id, rank, customers, covered, aum, month_average, last_month_average)
SELECT m.branch_id, o.owner_id, m.tier, count(*),
       count(*) FILTER (WHERE c.last_at >= CASE WHEN m.tier >= %(top_tier)s THEN %(top_since)s ELSE %(since)s END),
       sum(m.aum), sum(month_average(m.aum, m.since_date, m.month_days, %(as_of)s::date)),
       sum(last_month_average(m.aum, m.since_date, m.month_days, m.last_month_days, %(as_of)s::date))
FROM customers_metrics m
LEFT JOIN customers_ownership o ON o.customer_id = m.customer_id AND o.role = 'main' AND o.until IS NULL
LEFT JOIN (
    SELECT customer_id, max(contacted_at) AS last_at FROM archives_contactlog
    WHERE contacted_at >= %(since)s AND contacted_at < %(morning)s AND outcome = ANY (%(reached)s) AND channel <> %(sms)s
      AND replaced_at IS NULL
    GROUP BY customer_id
) c ON c.customer_id = m.customer_id
WHERE m.tier > 0 OR m.aum <> 0
GROUP BY m.branch_id, o.owner_id, m.tier
