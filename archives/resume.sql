-- Paused plans go on once no complaint is open: on their day, or on the next working day where that has passed.
UPDATE archives_maintenanceplan p SET state = 'planned', cause = '',
       due_date = CASE WHEN p.due_date < %(day)s::date THEN organization_next_workday(%(day)s::date) ELSE p.due_date END
WHERE p.state = 'paused' AND (%(customer)s::bigint IS NULL OR p.customer_id = %(customer)s)
  AND NOT has_open_complaint(p.customer_id)
