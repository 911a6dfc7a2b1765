-- Changed holdings take the values of the accepted file.
UPDATE customers_holding h SET
    branch_id = n.branch_id, customer_id = n.customer_id, account_id = n.account_id, sub_no = n.sub_no,
    product_id = n.product_id, balance = n.balance, product_count = n.product_count, start_date = n.start_date,
    maturity_date = n.maturity_date, auto_rollover = n.auto_rollover, rate = n.rate,
    funding_source = n.funding_source, status = n.status,
    closed_on = CASE WHEN n.status <> 'closed' THEN NULL WHEN h.status = 'closed' THEN h.closed_on ELSE %(as_of)s END
FROM night_holding n
WHERE h.id = n.holding_id AND NOT n.is_new
