-- New accounts.
INSERT INTO customers_account (id, branch_id, customer_id, account_no_cipher, account_no_index, account_no_mask,
                               account_type, currency, open_date, close_date, status)
SELECT account_id, branch_id, customer_id, account_no_cipher, account_no_index, account_no_mask, account_type, currency,
       open_date, close_date, status
FROM night_account WHERE is_new
