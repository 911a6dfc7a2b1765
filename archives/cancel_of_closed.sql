-- Nothing is left to do for customers whom the files of this night have closed.
UPDATE archives_maintenanceplan p
SET state = 'cancelled', closed_on = %(as_of)s, cause = 'customer_closed'
FROM night_customer n
WHERE n.status = 'closed' AND p.customer_id = n.customer_id AND p.state IN ('planned', 'paused')
