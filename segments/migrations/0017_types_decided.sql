-- Which type of maintenance a customer is of: what people have decided in a grading that is in force goes before what
-- balances say. The grade goes first, for it says how often; then the habit, then the preference. The ordinary grade comes
-- last, for it asks for nothing of its own. Who refuses profiling is graded by nobody.
CREATE OR REPLACE VIEW archives_customer_type WITH (security_invoker = true) AS
SELECT m.customer_id, coalesce(said.plan_type_id, t.id) AS plan_type_id
FROM customers_metrics m
JOIN archives_plantype t ON t.code = CASE
    WHEN m.deposit * 0.008 >= 0.6 * (m.deposit * 0.008 + m.loan * 0.02) AND m.deposit > 0 THEN 'deposit_reliant'
    WHEN m.loan * 0.02 >= 0.6 * (m.deposit * 0.008 + m.loan * 0.02) AND m.loan > 0 THEN 'loan_reliant'
    ELSE 'balanced' END
LEFT JOIN LATERAL (
    SELECT p.id AS plan_type_id
    FROM segments_grading g
    CROSS JOIN LATERAL (
        SELECT n.grade FROM segments_gradedecision n
        WHERE n.customer_id = m.customer_id AND n.grading_id = g.id ORDER BY n.id DESC LIMIT 1) d
    JOIN archives_plantype p ON p.code = d.grade AND p.is_active
    WHERE g.is_active AND g.needs_people
      AND NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = m.customer_id AND c.profiling_opt_out)
    ORDER BY p.code = 'normal', array_position('{grade,habit,preference}'::text[], p.dimension::text), p.id LIMIT 1
) said ON true;
