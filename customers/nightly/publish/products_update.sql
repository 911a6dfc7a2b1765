-- From now on products count as tonight has counted them.
UPDATE customers_product p SET counted_class = n.product_class, counted_in_aum = n.counts_in_aum
FROM night_product n
WHERE p.id = n.product_id AND (p.counted_class, p.counted_in_aum) <> (n.product_class, n.counts_in_aum)
