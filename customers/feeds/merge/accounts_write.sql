-- New accounts, and those of which the file says something else.
INSERT INTO night_account (account_id, load_id, is_new, branch_id, customer_id, account_no_cipher, account_no_index,
                           account_no_mask, account_type, currency, open_date, close_date, status)
SELECT coalesce(o.known_id, o.old_id, nextval(pg_get_serial_sequence('customers_account', 'id'))), %(load)s,
       o.known_id IS NULL, o.branch_id, o.customer_id, a.account_no_cipher, o.account_no_index,
       coalesce(a.account_no_mask, ''), coalesce(o.account_type, a.account_type, ''), o.currency,
       coalesce(o.open_date, a.open_date), o.close_date, CASE WHEN o.close_date IS NULL THEN 'open' ELSE 'closed' END
FROM account_of o LEFT JOIN customers_account a ON a.id = o.known_id
WHERE a.id IS NULL
   OR (a.branch_id, a.account_type, a.currency, a.open_date, a.close_date, a.status) IS DISTINCT FROM
      (o.branch_id, coalesce(o.account_type, a.account_type, ''), o.currency, coalesce(o.open_date, a.open_date),
       o.close_date, CASE WHEN o.close_date IS NULL THEN 'open' ELSE 'closed' END)
ON CONFLICT (account_id) DO UPDATE SET
    load_id = excluded.load_id, branch_id = excluded.branch_id, account_type = excluded.account_type,
    currency = excluded.currency, open_date = excluded.open_date, close_date = excluded.close_date, status = excluded.status
