-- Products that now say something else than what is published; those that a failed night had found are asked again.
INSERT INTO night_product (product_id, product_class, counts_in_aum)
SELECT p.id, p.product_class, p.counts_in_aum
FROM customers_product p
WHERE (p.product_class, p.counts_in_aum) <> (p.counted_class, p.counted_in_aum)
   OR EXISTS (SELECT FROM night_product n WHERE n.product_id = p.id)
ON CONFLICT (product_id) DO UPDATE SET product_class = excluded.product_class, counts_in_aum = excluded.counts_in_aum
