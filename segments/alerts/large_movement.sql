-- LARGE_OUT and LARGE_IN: tonight's day-net movements above the tier's amount, and earlier ones that still stand.
-- Measured is the money that moved: what a product came to count, or a recompute mended, is nobody's in- or outflow.
WITH rules AS (
    SELECT kind, version, answer_hours, parameters FROM customers_alertrule WHERE id = ANY (%(rules)s)
), moved AS (
    SELECT n.customer_id, n.branch_id, n.aum AS after, n.is_new,
           -- A corrected file of the same day is measured from the day before, not from the first version of the day.
           n.aum - n.moved - CASE WHEN %(is_rerun)s THEN coalesce((
               SELECT sum(b.new_counted - b.old_counted - b.reclassified) FROM customers_balancechange b
               WHERE b.customer_id = n.customer_id AND b.as_of = %(as_of)s), 0) ELSE 0 END AS before,
           coalesce(t.rank, 1) AS rank
    FROM night_metrics n
    LEFT JOIN segments_tierstate t ON t.scheme_id = %(states_of)s AND t.customer_id = n.customer_id
    WHERE NOT %(is_first)s AND NOT n.is_closed
), large AS (
    SELECT moved.*, r.kind, r.version, r.answer_hours, abs(after - before) AS net,
           (r.parameters->'by_tier'->>rank::text)::numeric AS threshold,
           coalesce((r.parameters->>'keep_days')::int, 30) AS keep_days
    FROM moved JOIN rules r ON r.kind = CASE WHEN after < before THEN 'large_out' ELSE 'large_in' END
    WHERE after <> before
      AND abs(after - before) >= (r.parameters->'by_tier'->>rank::text)::numeric
      AND (r.kind = 'large_in' OR before - after >= before * coalesce((r.parameters->>'min_share')::numeric, 0))
), standing AS (
    SELECT a.customer_id, a.branch_id, a.kind, a.episode, a.severity, a.amount, a.due_date, a.evidence, a.rule_version,
           coalesce(n.aum, m.aum, 0) AS aum_now,
           -- The amount that ends the alert moves along with what counts.
           CASE WHEN n.aum - n.old_aum <> n.moved
                THEN jsonb_set(a.clears_when, '{aum}',
                               to_jsonb(((a.clears_when->>'aum')::numeric + n.aum - n.old_aum - n.moved)::text))
                ELSE a.clears_when END AS clears_when
    FROM customers_alert a
    LEFT JOIN night_metrics n ON n.customer_id = a.customer_id
    LEFT JOIN customers_metrics m ON m.customer_id = a.customer_id
    WHERE a.kind IN ('large_out', 'large_in') AND a.kind IN (SELECT kind FROM rules) AND a.state IN ('new', 'read', 'following', 'snoozed')
      AND NOT coalesce(n.is_closed, false)
      -- A corrected file judges its own day anew; alerts of earlier days stand on their own.
      AND (a.episode <> %(as_of)s::text OR n.customer_id IS NULL)
)
INSERT INTO night_alert (customer_id, branch_id, kind, episode, severity, amount, due_date, evidence, rule_version,
                         clears_when, answer_hours)
SELECT customer_id, branch_id, kind, %(as_of)s::text, CASE kind WHEN 'large_out' THEN 1 ELSE 2 END, net,
       %(as_of)s::date + greatest(1, answer_hours / 24),
       jsonb_build_object('before', before::text, 'after', after::text, 'net', net::text, 'moved_on', %(as_of)s,
                          'share', CASE WHEN before > 0 THEN round(net / before, 4)::text END, 'tier', rank,
                          'threshold', threshold::text, 'is_new_customer', is_new),
       version,
       jsonb_build_object('code', CASE kind WHEN 'large_out' THEN 'flows_back' ELSE 'flows_out' END,
                          'aum', CASE kind WHEN 'large_out' THEN before - threshold ELSE before + threshold END::text,
                          'until', %(as_of)s::date + keep_days),
       answer_hours
FROM large
UNION ALL
SELECT customer_id, branch_id, kind, episode, severity, amount, due_date, evidence, rule_version, clears_when, 0
FROM standing
WHERE (clears_when->>'until')::date >= %(as_of)s
  -- What is exactly large stands, as it was raised.
  AND CASE kind WHEN 'large_out' THEN aum_now <= (clears_when->>'aum')::numeric
                ELSE aum_now >= (clears_when->>'aum')::numeric END
