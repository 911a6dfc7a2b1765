-- Customers who have left have no tier any more.
DELETE FROM segments_tierstate t USING night_tier n
WHERE n.rank IS NULL AND t.scheme_id = n.scheme_id AND t.customer_id = n.customer_id
