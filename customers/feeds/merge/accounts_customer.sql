-- The customers named, published or still on their way.
UPDATE stage_account s SET customer_id = known.customer_id, branch_id = known.branch_id
FROM (SELECT customer_id, branch_id, customer_no FROM night_customer
      UNION ALL
      SELECT id, branch_id, customer_no FROM customers_customer c
      WHERE NOT EXISTS (SELECT FROM night_customer n WHERE n.customer_id = c.id)) known
WHERE known.customer_no = s.customer_no
