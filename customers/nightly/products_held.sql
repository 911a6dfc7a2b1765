-- Holdings of changed products that no file speaks of, as they are, where a part of them counts otherwise now.
INSERT INTO night_holding (
    holding_id, load_id, is_new, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
    start_date, maturity_date, auto_rollover, rate, funding_source, status, old_balance, old_counted, new_counted,
    old_deposit, new_deposit, old_loan, new_loan, old_count, new_count, reclassified, is_reclassified)
SELECT h.id, 0, false, h.branch_id, h.customer_id, h.account_id, h.sub_no, h.product_id, h.balance, h.product_count,
       h.start_date, h.maturity_date, h.auto_rollover, h.rate, h.funding_source, h.status, h.balance, part.old_counted,
       part.new_counted, part.old_deposit, part.new_deposit, part.old_loan, part.new_loan, part.products, part.products,
       part.new_counted - part.old_counted, true
FROM customers_holding h
JOIN night_product q ON q.product_id = h.product_id
JOIN customers_product p ON p.id = h.product_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.counted_in_aum AND h.funding_source = 'own'
                     AND p.counted_class NOT IN ('loan', 'card', 'e_banking') THEN h.balance ELSE 0 END AS old_counted,
           CASE WHEN q.counts_in_aum AND h.funding_source = 'own'
                     AND q.product_class NOT IN ('loan', 'card', 'e_banking') THEN h.balance ELSE 0 END AS new_counted,
           CASE WHEN p.counted_class IN ('demand', 'time', 'large_cd', 'notice') THEN h.balance ELSE 0 END AS old_deposit,
           CASE WHEN q.product_class IN ('demand', 'time', 'large_cd', 'notice') THEN h.balance ELSE 0 END AS new_deposit,
           CASE WHEN p.counted_class = 'loan' THEN h.balance ELSE 0 END AS old_loan,
           CASE WHEN q.product_class = 'loan' THEN h.balance ELSE 0 END AS new_loan,
           CASE WHEN h.status = 'open' THEN h.product_count ELSE 0 END AS products
) part
WHERE (part.old_counted, part.old_deposit, part.old_loan) <> (part.new_counted, part.new_deposit, part.new_loan)
  AND NOT EXISTS (SELECT FROM night_holding n WHERE n.holding_id = h.id)
