-- People who are not named any more on an account that is in the file.
INSERT INTO night_holder (load_id, branch_id, account_id, customer_id, role, is_gone)
SELECT %(load)s, h.branch_id, h.account_id, h.customer_id, h.role, true
FROM customers_accountholder h JOIN customers_account a ON a.id = h.account_id
WHERE EXISTS (SELECT FROM stage_account s WHERE s.account_no_index = a.account_no_index)
  AND NOT EXISTS (SELECT FROM stage_account s
                  WHERE s.account_no_index = a.account_no_index AND s.customer_id = h.customer_id)
  AND NOT EXISTS (SELECT FROM refused_key r WHERE r.account_no_index = a.account_no_index)
