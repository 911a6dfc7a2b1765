-- Contacts in which the customer was interested or made an appointment, and days later nobody has said what comes next:
-- no next action and no next date, also in no correction, no plan of a person and no further contact.
INSERT INTO archives_contactmark (branch_id, staff_id, day, log_id, kind)
SELECT l.branch_id, l.staff_id, l.day, l.id, 'no_next'
FROM archives_counted_contact l
WHERE l.recorded_at >= %(begins)s AND l.recorded_at < %(ends)s
  AND (l.outcome = 'interested' OR l.outcome = 'booked') AND l.next_action = '' AND l.next_date IS NULL
  AND NOT EXISTS (SELECT FROM archives_contactlog n
                  WHERE n.corrects_id = (SELECT coalesce(f.corrects_id, f.id) FROM archives_contactlog f WHERE f.id = l.id)
                  AND (n.next_action <> '' OR n.next_date IS NOT NULL))
  AND NOT EXISTS (SELECT FROM archives_contactlog n WHERE n.customer_id = l.customer_id
                  AND n.contacted_at > l.contacted_at AND n.corrects_id IS NULL)
  AND NOT EXISTS (SELECT FROM archives_maintenanceplan p WHERE p.customer_id = l.customer_id
                  AND p.created_by_id IS NOT NULL
                  AND (p.created_at >= l.contacted_at OR p.state = 'planned' OR p.state = 'paused'))
ON CONFLICT DO NOTHING
