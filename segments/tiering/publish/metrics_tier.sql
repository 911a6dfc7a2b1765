-- The tier of the primary scheme on the narrow row that lists sort by.
UPDATE customers_metrics m SET tier = coalesce(n.rank, 0)
FROM night_tier n
WHERE n.scheme_id = %(scheme)s AND m.customer_id = n.customer_id AND m.tier <> coalesce(n.rank, 0)
