-- MATURITY: holdings that fall due soon, by the leads of the rule; a deposit that rolls over by itself is announced once.
-- Days are counted from the morning on which people read this: what falls due on the business date itself has matured.
WITH rule AS (
    SELECT version, answer_hours, (parameters->>'first_days')::int AS first_days,
           (parameters->>'first_min_amount')::numeric AS first_min_amount,
           (parameters->>'first_min_tier')::int AS first_min_tier, (parameters->>'second_days')::int AS second_days,
           (parameters->>'last_days')::int AS last_days, (parameters->>'rollover_days')::int AS rollover_days
    FROM customers_alertrule
    WHERE kind = 'maturity' AND id = ANY (%(rules)s)
), due AS (
    SELECT h.id, h.customer_id, h.branch_id, h.product_id, h.balance, h.maturity_date, h.auto_rollover, h.rate
    FROM customers_holding h, rule
    WHERE h.status = 'open' AND h.maturity_date BETWEEN %(morning)s AND %(morning)s + rule.first_days
      AND NOT EXISTS (SELECT FROM night_holding n WHERE n.holding_id = h.id)
    UNION ALL
    SELECT n.holding_id, n.customer_id, n.branch_id, n.product_id, n.balance, n.maturity_date, n.auto_rollover, n.rate
    FROM night_holding n, rule
    WHERE n.status = 'open' AND n.maturity_date BETWEEN %(morning)s AND %(morning)s + rule.first_days
), known AS MATERIALIZED (  -- else each use of is_managed looks up all owners again
    SELECT due.*, p.name AS product, p.product_class, due.maturity_date - %(morning)s AS days,
           CASE WHEN nt.customer_id IS NOT NULL THEN nt.rank ELSE t.rank END AS rank,
           -- The main owner of tomorrow: the one that tonight's file names, if it speaks of the customer.
           CASE WHEN o.customer_id IS NOT NULL THEN o.owner_id IS NOT NULL
                ELSE EXISTS (SELECT FROM customers_ownership h
                             WHERE h.customer_id = due.customer_id AND h.until IS NULL AND h.role = 'main')
                END AS is_managed
    FROM due
    JOIN customers_product p ON p.id = due.product_id AND p.product_class NOT IN ('loan', 'card', 'e_banking')
    LEFT JOIN segments_tierstate t ON t.scheme_id = %(states_of)s AND t.customer_id = due.customer_id
    LEFT JOIN night_tier nt ON nt.customer_id = due.customer_id AND nt.scheme_id = %(scheme)s
    LEFT JOIN night_ownership o ON o.customer_id = due.customer_id
    WHERE due.balance > 0
), staged AS (
    SELECT k.*, rule.*,
           CASE WHEN auto_rollover THEN CASE WHEN days <= rollover_days AND is_managed THEN rollover_days END
                WHEN days <= last_days AND (is_managed OR balance >= first_min_amount OR rank >= first_min_tier)
                    THEN last_days
                WHEN days <= second_days AND (is_managed OR balance >= first_min_amount OR rank >= first_min_tier)
                    THEN second_days
                WHEN balance >= first_min_amount OR rank >= first_min_tier THEN first_days END AS stage
    FROM known k, rule
)
INSERT INTO night_alert (customer_id, branch_id, kind, episode, severity, amount, due_date, evidence, rule_version,
                         clears_when, answer_hours)
SELECT customer_id, branch_id, 'maturity', id || ':' || maturity_date,
       CASE WHEN auto_rollover THEN 3 WHEN stage = last_days THEN 1 WHEN stage = second_days THEN 2 ELSE 3 END,
       balance, maturity_date,
       jsonb_build_object('holding', id, 'product', product, 'product_class', product_class, 'balance', balance::text,
                          'maturity_date', maturity_date, 'auto_rollover', auto_rollover, 'rate', rate::text,
                          'stage', stage),
       version, jsonb_build_object('code', 'matured_or_changed', 'after', maturity_date),
       CASE WHEN stage = last_days AND NOT coalesce(auto_rollover, false) THEN least(24, answer_hours)
            ELSE answer_hours END
FROM staged WHERE stage IS NOT NULL
