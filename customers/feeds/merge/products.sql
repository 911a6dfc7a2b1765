-- Products by code: new ones, and those of which the file says something else.
INSERT INTO customers_product (code, name, product_class, risk, term_days, min_amount, aum_coefficient, counts_in_aum, is_active)
SELECT code, name, product_class, coalesce(risk, 1), term_days, min_amount, 1,
       coalesce(counts_in_aum, product_class NOT IN ('loan', 'card', 'e_banking')), true
FROM stage_product
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, product_class = excluded.product_class, risk = excluded.risk, term_days = excluded.term_days,
    min_amount = excluded.min_amount, counts_in_aum = excluded.counts_in_aum
WHERE (customers_product.name, customers_product.product_class, customers_product.risk, customers_product.term_days,
       customers_product.min_amount, customers_product.counts_in_aum)
   IS DISTINCT FROM (excluded.name, excluded.product_class, excluded.risk, excluded.term_days, excluded.min_amount,
                     excluded.counts_in_aum)
