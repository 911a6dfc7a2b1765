-- What an accepted file leaves for the night when this share of all holdings changed.
INSERT INTO night_holding (
    holding_id, load_id, is_new, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count, start_date,
    maturity_date, auto_rollover, rate, funding_source, status, old_balance, old_counted, new_counted, old_deposit,
    new_deposit, old_loan, new_loan, old_count, new_count)
SELECT h.id, %(load)s, false, h.branch_id, h.customer_id, h.account_id, h.sub_no, h.product_id, new.balance,
       h.product_count, h.start_date, h.maturity_date, h.auto_rollover, h.rate, h.funding_source, h.status, h.balance,
       CASE WHEN counted THEN h.balance ELSE 0 END, CASE WHEN counted THEN new.balance ELSE 0 END,
       CASE WHEN deposit THEN h.balance ELSE 0 END, CASE WHEN deposit THEN new.balance ELSE 0 END,
       CASE WHEN loan THEN h.balance ELSE 0 END, CASE WHEN loan THEN new.balance ELSE 0 END,
       h.product_count, h.product_count
FROM customers_holding h JOIN customers_product q ON q.id = h.product_id
CROSS JOIN LATERAL (SELECT round(h.balance * (95 + 10 * ((hashint8extended(h.id, %(day)s) >> 8) & 1023) / 1023.0) / 100, 2)
                           + 0.01) new(balance)
CROSS JOIN LATERAL (SELECT q.counts_in_aum, q.product_class IN ('demand', 'time', 'large_cd', 'notice'),
                           q.product_class = 'loan') is_(counted, deposit, loan)
WHERE h.status = 'open' AND ((hashint8extended(h.id, %(day)s + 1) >> 8) & 1048575) < %(share)s * 1048576
