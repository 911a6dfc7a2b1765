-- Changed accounts take the values of the accepted file.
UPDATE customers_account a SET
    branch_id = n.branch_id, customer_id = n.customer_id, account_no_cipher = n.account_no_cipher,
    account_no_index = n.account_no_index, account_no_mask = n.account_no_mask, account_type = n.account_type,
    currency = n.currency, open_date = n.open_date, close_date = n.close_date, status = n.status
FROM night_account n
WHERE a.id = n.account_id AND NOT n.is_new
