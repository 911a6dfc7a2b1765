-- The products named.
UPDATE stage_holding s SET product_id = p.id FROM customers_product p WHERE p.code = s.product_code
