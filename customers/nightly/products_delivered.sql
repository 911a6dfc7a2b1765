-- Delivered holdings of changed products count as the products now say.
UPDATE night_holding n SET
    new_counted = CASE WHEN q.counts_in_aum AND n.funding_source = 'own'
                            AND q.product_class NOT IN ('loan', 'card', 'e_banking') THEN n.balance ELSE 0 END,
    new_deposit = CASE WHEN q.product_class IN ('demand', 'time', 'large_cd', 'notice') THEN n.balance ELSE 0 END,
    new_loan = CASE WHEN q.product_class = 'loan' THEN n.balance ELSE 0 END
FROM night_product q
WHERE q.product_id = n.product_id
