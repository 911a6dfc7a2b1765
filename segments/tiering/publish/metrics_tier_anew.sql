-- Another scheme is shown from tonight on: everybody's tier is the one in it, also of whom nothing moved.
UPDATE customers_metrics m SET tier = coalesce(t.rank, 0)
FROM customers_metrics every
LEFT JOIN segments_tierstate t ON t.scheme_id = %(scheme)s AND t.customer_id = every.customer_id
WHERE m.customer_id = every.customer_id AND m.tier <> coalesce(t.rank, 0)
