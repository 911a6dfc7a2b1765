-- UPGRADE_CRITICAL and DOWNGRADE_CRITICAL in the primary scheme, for the customers of this chunk that were looked at.
WITH scheme AS (
    SELECT * FROM segments_tierscheme WHERE id = %(scheme)s
), rules AS (
    SELECT kind, version, answer_hours, parameters FROM customers_alertrule WHERE id = ANY (%(rules)s)
), looked_at AS (
    SELECT customer_id, branch_id, aum, since_date, month_days
    FROM night_metrics WHERE customer_id BETWEEN %(first)s AND %(last)s AND NOT is_closed
    UNION ALL
    -- Whom tonight moves to another tier though no money moved.
    SELECT m.customer_id, m.branch_id, m.aum, m.since_date, m.month_days
    FROM night_tier n JOIN customers_metrics m USING (customer_id)
    WHERE n.scheme_id = %(scheme)s AND n.rank IS NOT NULL AND n.customer_id BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM night_metrics x WHERE x.customer_id = n.customer_id)
    UNION ALL
    SELECT m.customer_id, m.branch_id, m.aum, m.since_date, m.month_days
    FROM customers_metrics m
    WHERE %(everybody)s AND m.customer_id BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
      AND NOT EXISTS (SELECT FROM night_tier n
                      WHERE n.scheme_id = %(scheme)s AND n.customer_id = m.customer_id AND n.rank IS NOT NULL)
      AND EXISTS (SELECT FROM customers_customer c WHERE c.id = m.customer_id AND c.status = 'active')
), valued AS MATERIALIZED (
    SELECT l.customer_id, l.branch_id, l.aum,
           CASE scheme.metric WHEN 'point' THEN l.aum
               ELSE projected_month_average(l.aum, l.since_date, l.month_days, %(as_of)s) END AS value,
           CASE WHEN nt.customer_id IS NOT NULL THEN nt.rank ELSE t.rank END AS rank,
           CASE WHEN nt.customer_id IS NOT NULL THEN nt.is_watched ELSE coalesce(t.is_watched, false) END AS is_watched,
           CASE WHEN nt.customer_id IS NOT NULL THEN nt.months_below ELSE coalesce(t.months_below, 0) END AS months_below
    FROM looked_at l CROSS JOIN scheme
    LEFT JOIN night_tier nt ON nt.customer_id = l.customer_id AND nt.scheme_id = scheme.id
    LEFT JOIN segments_tierstate t ON t.customer_id = l.customer_id AND t.scheme_id = %(states_of)s
                                  AND t.customer_id BETWEEN %(first)s AND %(last)s
), placed AS (
    SELECT v.*, own.lower AS own_lower, own.upper AS next_lower,
           coalesce(own.downgrade_after_months, scheme.downgrade_after_months) AS patience, scheme.code, scheme.version
    FROM valued v CROSS JOIN scheme JOIN segments_tier own ON own.scheme_id = scheme.id AND own.rank = v.rank
)
INSERT INTO night_alert (customer_id, branch_id, kind, episode, severity, amount, due_date, evidence, rule_version,
                         clears_when, answer_hours)
SELECT customer_id, branch_id, r.kind, code || ':' || (rank + 1) || ':' || to_char(%(as_of)s::date, 'YYYY-MM'),
       CASE WHEN value >= next_lower * (r.parameters->>'hot_share')::numeric THEN 2 ELSE 3 END,
       next_lower - value, %(month_end)s::date,
       jsonb_build_object('scheme', code, 'scheme_version', p.version, 'value', value::text, 'aum', aum::text,
                          'threshold', next_lower::text, 'rank', rank, 'next_rank', rank + 1,
                          'share', round(value / next_lower, 4)::text),
       r.version,
       jsonb_build_object('code', 'outside_band', 'to', next_lower::text,
                          'from', (next_lower * (r.parameters->>'from_share')::numeric)::numeric(18, 2)::text),
       r.answer_hours
FROM placed p JOIN rules r ON r.kind = 'upgrade_critical'
WHERE next_lower IS NOT NULL AND value >= next_lower * (r.parameters->>'from_share')::numeric AND value < next_lower
UNION ALL
SELECT customer_id, branch_id, r.kind, code || ':' || rank || ':' || to_char(%(as_of)s::date, 'YYYY-MM'),
       CASE WHEN value < own_lower AND months_below + 1 >= patience THEN 1 WHEN value < own_lower THEN 2 ELSE 3 END,
       aum, %(month_end)s::date,
       jsonb_build_object('scheme', code, 'scheme_version', p.version, 'value', value::text, 'aum', aum::text,
                          'threshold', own_lower::text, 'rank', rank, 'months_below', months_below,
                          'is_watched', is_watched, 'patience', patience),
       r.version,
       jsonb_build_object('code', 'at_least',
                          'value', (own_lower * (r.parameters->>'below_share')::numeric)::numeric(18, 2)::text),
       r.answer_hours
FROM placed p JOIN rules r ON r.kind = 'downgrade_critical'
WHERE own_lower > 0 AND (value < own_lower * (r.parameters->>'below_share')::numeric OR is_watched)
