-- While a complaint is open, plans that would sell something wait; what is owed to the customer goes on, and what an inspection
-- asks for. Of one customer, or
-- of everybody where none is named.
UPDATE archives_maintenanceplan p SET state = 'paused', cause = 'complaint'
FROM (SELECT DISTINCT customer_id FROM archives_open_complaint
      WHERE %(customer)s::bigint IS NULL OR customer_id = %(customer)s) waiting
WHERE p.customer_id = waiting.customer_id AND p.state = 'planned' AND p.purpose <> ALL (%(owed)s) AND p.origin <> 'inspection'
