-- All open plans have followed the restored manager; those that a colleague was to do return to the colleague.
UPDATE archives_maintenanceplan p SET owner_id = e.value::bigint
FROM customers_bulkitem i CROSS JOIN LATERAL jsonb_each_text(i.before -> 'plans') e (key, value)
WHERE i.job_id = %(job)s AND i.customer_id = ANY (%(ids)s) AND i.outcome = 'restored'
  AND p.id = e.key::bigint AND p.state IN ('planned', 'paused')
