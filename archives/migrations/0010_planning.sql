-- Which type of maintenance a customer is of (archives_plantype): product preference, by what deposits and loans bring the
-- bank (DOMAIN §4: 0.8 % and 2 % a year). What people confirm goes before it since segments 0011.
CREATE VIEW archives_customer_type WITH (security_invoker = true) AS
SELECT m.customer_id, t.id AS plan_type_id
FROM customers_metrics m
JOIN archives_plantype t ON t.code = CASE
    WHEN m.deposit * 0.008 >= 0.6 * (m.deposit * 0.008 + m.loan * 0.02) AND m.deposit > 0 THEN 'deposit_reliant'
    WHEN m.loan * 0.02 >= 0.6 * (m.deposit * 0.008 + m.loan * 0.02) AND m.loan > 0 THEN 'loan_reliant'
    ELSE 'balanced' END;

-- The planner asks whose birthday comes near: month * 100 + day; the index is of people alone, like the question.
CREATE INDEX customer_birthday ON customers_customer
    ((extract(month FROM birth_date)::int * 100 + extract(day FROM birth_date)::int)) WHERE birth_date IS NOT NULL;
-- And who got, or lost, a main owner since the last night.
CREATE INDEX ownership_since ON customers_ownership (since) WHERE role = 'main';
CREATE INDEX ownership_until ON customers_ownership (until) WHERE role = 'main' AND until IS NOT NULL;
