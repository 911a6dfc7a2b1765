-- Who is named on an account, and as what.
INSERT INTO customers_accountholder (branch_id, account_id, customer_id, role)
SELECT branch_id, account_id, customer_id, role FROM night_holder WHERE NOT is_gone
ON CONFLICT (account_id, customer_id) DO UPDATE SET role = excluded.role, branch_id = excluded.branch_id
WHERE (customers_accountholder.role, customers_accountholder.branch_id) <> (excluded.role, excluded.branch_id)
