-- What the steps ask of each: owner, tier, type, days. Who has no main owner or has left is here to have open plans called
-- off; whom a step may not reach, barred.sql leaves out.
INSERT INTO night_plan_customer (customer_id, branch_id, owner_id, tier, plan_type_id, begun_on, is_planned)
SELECT c.id, c.branch_id, o.owner_id, m.tier,
       coalesce(d.plan_type_id, (SELECT id FROM archives_plantype WHERE code = archives_type_by_balances(m.deposit, m.loan))),
       coalesce(c.open_date, o.since),
       o.owner_id IS NOT NULL AND c.status = 'active'
FROM night_plan_seen seen
JOIN customers_customer c ON c.id = seen.customer_id
JOIN customers_metrics m ON m.customer_id = seen.customer_id
LEFT JOIN archives_decided_type d ON d.customer_id = seen.customer_id
LEFT JOIN customers_ownership o ON o.customer_id = seen.customer_id AND o.until IS NULL AND o.role = 'main'
