-- The archives whose measure the passing of days has turned over, those of customers who moved to another tier, and those of
-- whom tonight's file brought something new (a document that was renewed, a phone number).
SELECT archives_remeasure(coalesce(array_agg(customer_id), '{}'), %(as_of)s::date)
FROM (SELECT customer_id FROM archives_archive WHERE changes_on <= %(as_of)s
      UNION SELECT customer_id FROM archives_archive WHERE customer_id = ANY(%(moved)s::bigint[])
      UNION SELECT customer_id FROM night_customer JOIN archives_archive USING (customer_id)) due
