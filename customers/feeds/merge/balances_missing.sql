-- Holdings that are not in a full file any more are closed at nil; those of refused rows keep what they had.
INSERT INTO night_holding (
    holding_id, load_id, is_new, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
    start_date, maturity_date, auto_rollover, rate, funding_source, status, old_balance, old_counted, new_counted,
    old_deposit, new_deposit, old_loan, new_loan, old_count, new_count)
SELECT h.id, %(load)s, false, h.branch_id, h.customer_id, h.account_id, h.sub_no, h.product_id, 0, h.product_count,
       h.start_date, h.maturity_date, h.auto_rollover, h.rate, h.funding_source, 'closed', h.balance,
       CASE WHEN p.counted_in_aum AND h.funding_source = 'own' AND p.counted_class NOT IN ('loan', 'card', 'e_banking')
            THEN h.balance ELSE 0 END,
       0, CASE WHEN p.counted_class IN ('demand', 'time', 'large_cd', 'notice') THEN h.balance ELSE 0 END,
       0, CASE WHEN p.counted_class = 'loan' THEN h.balance ELSE 0 END, 0, h.product_count, 0
FROM stage_missing m
JOIN customers_holding h ON h.id = m.holding_id
JOIN customers_account a ON a.id = h.account_id
JOIN customers_product p ON p.id = h.product_id
WHERE NOT EXISTS (SELECT FROM refused_key r WHERE r.account_no_index = a.account_no_index)
ON CONFLICT (holding_id) DO NOTHING
