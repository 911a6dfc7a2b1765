-- People named on accounts, where that is new or their role is another one.
INSERT INTO night_holder (load_id, branch_id, account_id, customer_id, role, is_gone)
SELECT %(load)s, s.branch_id, known.account_id, s.customer_id, s.role, false
FROM stage_account s
JOIN (SELECT account_id, account_no_index FROM night_account
      UNION SELECT id, account_no_index FROM customers_account) known USING (account_no_index)
LEFT JOIN customers_accountholder h ON h.account_id = known.account_id AND h.customer_id = s.customer_id
WHERE h.id IS NULL OR h.role <> s.role
