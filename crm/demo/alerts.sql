-- Alerts of the past: deposits that were paid out and large movements, answered in their time or cleared by themselves.
INSERT INTO customers_alert (branch_id, customer_id, kind, episode, severity, amount, due_date, evidence, rule_version,
                             clears_when, state, raised_on, updated_on, answer_by, closed_on, closed_by_id, close_reason,
                             close_note)
WITH past AS (
    SELECT h.branch_id, h.customer_id, 'maturity' AS kind, h.id || ':' || h.maturity_date AS episode, 1 AS severity,
           b.old_balance AS amount, h.maturity_date AS due_date, greatest(h.start_date, h.maturity_date - 31) AS raised_on,
           h.maturity_date AS ended_on,
           jsonb_build_object('holding', h.id, 'product', q.name, 'product_class', q.product_class,
                              'balance', b.old_balance::text, 'maturity_date', h.maturity_date, 'auto_rollover', false,
                              'rate', h.rate::text, 'stage', 1) AS evidence,
           jsonb_build_object('code', 'matured_or_changed', 'after', h.maturity_date) AS clears_when
    FROM customers_holding h JOIN customers_product q ON q.id = h.product_id
    JOIN customers_balancechange b ON b.customer_id = h.customer_id AND b.holding_id = h.id AND b.as_of = h.maturity_date
    WHERE h.status = 'closed' AND b.old_balance >= 50000
    UNION ALL
    SELECT n.branch_id, n.customer_id, CASE WHEN n.delta < 0 THEN 'large_out' ELSE 'large_in' END, n.as_of::text,
           CASE WHEN n.delta < 0 THEN 1 ELSE 2 END, abs(n.delta), n.as_of + 1, n.as_of,
           n.as_of + 1 + floor(pg_temp.chance(n.customer_id, 720) * 9)::int,
           jsonb_build_object('net', abs(n.delta)::text, 'moved_on', n.as_of, 'is_new_customer', false),
           jsonb_build_object('code', CASE WHEN n.delta < 0 THEN 'flows_back' ELSE 'flows_out' END, 'until', n.as_of + 30)
    FROM demo_net n JOIN demo_profile p ON p.id = n.customer_id
    WHERE abs(n.delta) >= greatest(50000, p.wealth * 0.3) AND n.as_of >= %(as_of)s::date - 180
)
SELECT past.branch_id, past.customer_id, kind, episode, severity, amount, due_date, evidence, 1, clears_when, 'closed',
       raised_on, ended.day, (raised_on + 1 + time '01:00') AT TIME ZONE 'UTC', ended.day,
       CASE WHEN answered.yes THEN o.owner_id END,
       CASE WHEN answered.yes THEN 'contacted' ELSE 'condition_gone' END, ''
FROM past LEFT JOIN demo_owner o USING (customer_id)
CROSS JOIN LATERAL (SELECT least(ended_on, %(as_of)s::date) AS day) ended
CROSS JOIN LATERAL (SELECT o.owner_id IS NOT NULL AND pg_temp.chance(past.customer_id, 721) < 0.7 AS yes) answered
ORDER BY raised_on, past.customer_id
