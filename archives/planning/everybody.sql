-- Everybody who can have a plan, or has one.
INSERT INTO night_plan_seen (customer_id)
SELECT customer_id FROM customers_ownership WHERE until IS NULL AND role = 'main'
UNION SELECT customer_id FROM archives_maintenanceplan WHERE state = 'planned' AND episode <> ''
