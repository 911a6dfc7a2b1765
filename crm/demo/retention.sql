-- People's maturities of the past half year, as the nights would have followed them, one of a customer at a time: deposits paid
-- out, and terms that went on in place.
INSERT INTO campaigns_maturity (
    branch_id, customer_id, holding_id, product_id, product_class, principal, maturity_date, auto_rollover,
    provisional_on, final_on, ends_on, held_branch_id, held_owner_id, renewed, invested, idle, gone, late_renewed,
    late_invested, late_idle, late_gone, base_term, base_other, base_total, late_base_term, late_base_other, late_base_total)
WITH candidates AS (
    SELECT h.id, h.customer_id, h.branch_id, h.product_id, q.product_class, b.old_balance AS principal, b.as_of AS matured,
           false AS is_kept, coalesce(h.auto_rollover, false) AS auto_rollover
    FROM customers_balancechange b
    JOIN customers_holding h ON h.id = b.holding_id AND h.status = 'closed' AND h.maturity_date = b.as_of
    JOIN customers_product q ON q.id = h.product_id
    JOIN customers_customer c ON c.id = h.customer_id AND c.customer_type = 'person'
    WHERE b.new_balance = 0 AND b.old_balance > 0
    UNION ALL
    SELECT h.id, h.customer_id, h.branch_id, h.product_id, q.product_class, h.balance, h.start_date, true,
           coalesce(h.auto_rollover, false)
    FROM customers_holding h JOIN customers_product q ON q.id = h.product_id AND q.term_days IS NOT NULL
    JOIN customers_customer c ON c.id = h.customer_id AND c.customer_type = 'person' AND c.open_date < h.start_date
    WHERE h.status = 'open' AND h.balance > 0 AND pg_temp.chance(h.id, 861) < 0.7
      AND NOT EXISTS (SELECT FROM customers_balancechange b
                      WHERE b.customer_id = h.customer_id AND b.holding_id = h.id AND b.old_balance = 0)
), chosen AS (
    SELECT DISTINCT ON (customer_id, (matured - date '2000-01-03') / 40)
           *, organization_next_workday(matured) AS first_day
    FROM candidates WHERE matured >= (date_trunc('month', %(as_of)s::timestamp) - interval '5 months')::date AND matured <= %(as_of)s
    ORDER BY customer_id, (matured - date '2000-01-03') / 40, principal DESC, id
), moved AS (
    SELECT c.id, days,
           coalesce(sum(b.new_counted - b.old_counted) FILTER (WHERE is_term AND b.holding_id <> c.id), 0) AS term,
           coalesce(sum(b.new_counted - b.old_counted) FILTER (WHERE is_other AND b.holding_id <> c.id), 0) AS other,
           coalesce(sum(b.new_counted - b.old_counted), 0) AS total
    FROM chosen c CROSS JOIN unnest(ARRAY[7, 15]) days
    LEFT JOIN (
        SELECT b.*, q.product_class IN ('time', 'large_cd', 'notice') AS is_term,
               q.product_class NOT IN ('demand', 'time', 'large_cd', 'notice') AS is_other
        FROM customers_balancechange b JOIN customers_holding h ON h.id = b.holding_id
        JOIN customers_product q ON q.id = h.product_id
    ) b ON b.customer_id = c.customer_id AND b.as_of >= c.matured AND b.as_of <= c.first_day + days
    GROUP BY c.id, days
), split AS (
    SELECT c.*, m.days, m.term, m.other, m.total, g.gone, n.renewed, i.invested,
           c.principal - kept - g.gone - n.renewed - i.invested AS idle, kept
    FROM chosen c JOIN moved m ON m.id = c.id
    CROSS JOIN LATERAL (SELECT CASE WHEN is_kept THEN principal ELSE 0 END AS kept) k
    CROSS JOIN LATERAL (SELECT least(principal - kept, greatest(0, -m.total)) AS gone) g
    CROSS JOIN LATERAL (SELECT least(principal - kept - g.gone, greatest(0, m.term)) AS renewed) n
    CROSS JOIN LATERAL (SELECT least(principal - kept - g.gone - n.renewed, greatest(0, m.other)) AS invested) i
), now_held AS (
    SELECT h.customer_id, sum(h.balance) AS total,
           coalesce(sum(h.balance) FILTER (WHERE q.product_class IN ('time', 'large_cd', 'notice')), 0) AS term,
           coalesce(sum(h.balance) FILTER (WHERE q.product_class NOT IN ('demand', 'time', 'large_cd', 'notice')), 0) AS other
    FROM customers_holding h JOIN customers_product q ON q.id = h.product_id AND q.counts_in_aum
    GROUP BY h.customer_id
)
SELECT s.branch_id, s.customer_id, s.id, s.product_id, s.product_class, s.principal, s.matured, s.auto_rollover,
       s.first_day + 3, s.first_day + 7, s.first_day + 15, s.branch_id, o.owner_id,
       CASE WHEN is_invested THEN s.renewed ELSE s.renewed + s.kept END,
       CASE WHEN is_invested THEN s.invested + s.kept ELSE s.invested END, s.idle, s.gone,
       CASE WHEN is_invested THEN l.renewed ELSE l.renewed + l.kept END,
       CASE WHEN is_invested THEN l.invested + l.kept ELSE l.invested END, l.idle, l.gone,
       base.term, base.other, base.total, base.term, base.other, base.total
FROM split s JOIN split l ON l.id = s.id AND l.days = 15
JOIN now_held w ON w.customer_id = s.customer_id
LEFT JOIN demo_owner o ON o.customer_id = s.customer_id
CROSS JOIN LATERAL (SELECT s.product_class NOT IN ('time', 'large_cd', 'notice') AS is_invested) v
-- Of windows that are open, what was held on the eve: today's, less what has come since, and the principal itself.
CROSS JOIN LATERAL (
    SELECT w.term - l.term + CASE WHEN s.is_kept OR is_invested THEN 0 ELSE s.principal END AS term,
           w.other - l.other + CASE WHEN s.is_kept OR NOT is_invested THEN 0 ELSE s.principal END AS other,
           w.total - l.total AS total) base
WHERE s.days = 7
ORDER BY s.matured, s.id;

-- Managers talk before a maturity to most of their customers, and to fewer of those who leave.
INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, outcome,
                                 summary, next_action, recorded_at)
SELECT m.branch_id, m.customer_id, m.held_owner_id, said.at, said.channel, 'outbound', 'maturity', said.outcome,
       CASE said.outcome WHEN 'interested' THEN '到期资金想看看理财和大额存单' WHEN 'sold' THEN '到期后转存一年期'
            WHEN 'booked' THEN '到期当天来网点办理' WHEN 'not_interested' THEN '他行利率更高，还在考虑' ELSE '' END, '', said.at
FROM campaigns_maturity m
CROSS JOIN LATERAL (
    SELECT ((m.maturity_date - 1 - floor(pg_temp.chance(m.holding_id, 871) * 6)::int) + time '01:00'
            + interval '1 second' * floor(pg_temp.chance(m.holding_id, 872) * 28800)) AT TIME ZONE 'UTC' AS at,
           (ARRAY['phone', 'phone', 'wecom', 'face'])[1 + floor(pg_temp.chance(m.holding_id, 873) * 4)::int] AS channel,
           CASE WHEN m.gone * 2 > m.principal
                THEN (ARRAY['not_interested', 'not_reached', 'not_interested'])[1 + floor(pg_temp.chance(m.holding_id, 874) * 3)::int]
                ELSE (ARRAY['interested', 'sold', 'booked', 'sold', 'not_reached'])
                     [1 + floor(pg_temp.chance(m.holding_id, 874) * 5)::int] END AS outcome) said
WHERE m.held_owner_id IS NOT NULL
  AND pg_temp.chance(m.holding_id, 875) < CASE WHEN m.gone * 2 > m.principal THEN 0.3 ELSE 0.9 END
ORDER BY said.at;

UPDATE campaigns_maturity m SET is_contacted = true
WHERE EXISTS (SELECT FROM archives_contactlog l
              WHERE l.customer_id = m.customer_id AND l.outcome <> 'not_reached' AND l.outcome <> 'received'
                AND l.summary <> '' AND l.channel <> 'sms'
                AND l.contacted_at >= (m.maturity_date - 7)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND l.contacted_at < (m.maturity_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
