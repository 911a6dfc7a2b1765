-- The archives whose measure the passing of days has turned over, and those of customers who moved to another tier.
SELECT archives_remeasure(coalesce(array_agg(customer_id), '{}'), %(as_of)s::date)
FROM (SELECT customer_id FROM archives_archive WHERE changes_on <= %(as_of)s
      UNION SELECT customer_id FROM archives_archive WHERE customer_id = ANY(%(moved)s::bigint[])) due
