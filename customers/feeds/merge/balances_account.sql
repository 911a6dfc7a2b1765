-- The accounts named, published or still on their way, with their owner.
UPDATE stage_holding s SET account_id = known.account_id, customer_id = known.customer_id, branch_id = known.branch_id
FROM (SELECT account_id, customer_id, branch_id, account_no_index FROM night_account
      UNION ALL
      SELECT a.id, a.customer_id, coalesce(n.branch_id, a.branch_id), a.account_no_index FROM customers_account a
      LEFT JOIN night_customer n ON n.customer_id = a.customer_id
      WHERE NOT EXISTS (SELECT FROM night_account na WHERE na.account_id = a.id)) known
WHERE known.account_no_index = s.account_no_index
