-- Accounts that are not in a full file any more are closed; those of refused rows are not.
INSERT INTO night_account (account_id, load_id, is_new, branch_id, customer_id, account_no_cipher, account_no_index,
                           account_no_mask, account_type, currency, open_date, close_date, status)
SELECT id, %(load)s, false, branch_id, customer_id, account_no_cipher, account_no_index, account_no_mask, account_type,
       currency, open_date, coalesce(close_date, %(as_of)s), 'closed'
FROM customers_account a
WHERE status = 'open'
  AND NOT EXISTS (SELECT FROM stage_account s WHERE s.account_no_index = a.account_no_index)
  AND NOT EXISTS (SELECT FROM refused_key r WHERE r.account_no_index = a.account_no_index)
ON CONFLICT (account_id) DO NOTHING
