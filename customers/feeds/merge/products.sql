-- Products by code: new ones, and those of which the file says something else. Columns that the file does not have stay
-- as they are, so that a catalogue without them does not undo what the bank has set. A product whose risk nobody has
-- told counts with that of its class: the bank decides it (customers_productclassrule).
WITH said AS (
    SELECT s.code, s.name, s.product_class,
           coalesce(CASE WHEN %(has_risk)s THEN s.risk ELSE p.risk END,
                    r.risk) AS risk,
           CASE WHEN %(has_term_days)s THEN s.term_days ELSE p.term_days END AS term_days,
           CASE WHEN %(has_min_amount)s THEN s.min_amount ELSE p.min_amount END AS min_amount,
           coalesce(s.counts_in_aum, CASE WHEN NOT %(has_counts_in_aum)s AND p.product_class = s.product_class
                                          THEN p.counts_in_aum END,
                    s.product_class NOT IN ('loan', 'card', 'e_banking')) AS counts_in_aum
    FROM stage_product s LEFT JOIN customers_product p USING (code)
    JOIN customers_productclassrule r ON r.product_class = s.product_class
)
INSERT INTO customers_product (code, name, product_class, risk, term_days, min_amount, counts_in_aum, counted_class,
                               counted_in_aum)
SELECT code, name, product_class, risk, term_days, min_amount, counts_in_aum, product_class, counts_in_aum FROM said
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, product_class = excluded.product_class, risk = excluded.risk, term_days = excluded.term_days,
    min_amount = excluded.min_amount, counts_in_aum = excluded.counts_in_aum
WHERE (customers_product.name, customers_product.product_class, customers_product.risk, customers_product.term_days,
       customers_product.min_amount, customers_product.counts_in_aum)
   IS DISTINCT FROM (excluded.name, excluded.product_class, excluded.risk, excluded.term_days, excluded.min_amount,
                     excluded.counts_in_aum)
