-- Contacts in which the customer was interested, booked or bought, and nothing whatever followed: no further contact,
-- no balance that moved, no word in the archive.
INSERT INTO archives_contactmark (branch_id, staff_id, day, log_id, kind)
SELECT l.branch_id, l.staff_id, l.day, l.id, 'no_change'
FROM archives_counted_contact l
WHERE l.recorded_at >= %(begins)s AND l.recorded_at < %(ends)s
  AND (l.outcome = 'interested' OR l.outcome = 'booked' OR l.outcome = 'sold')
  AND NOT EXISTS (SELECT FROM archives_contactlog n WHERE n.customer_id = l.customer_id
                  AND n.contacted_at > l.contacted_at AND n.corrects_id IS NULL)
  AND NOT EXISTS (SELECT FROM customers_balancechange b WHERE b.customer_id = l.customer_id
                  AND b.as_of >= (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date)
  AND NOT EXISTS (SELECT FROM archives_archivevalue v WHERE v.customer_id = l.customer_id
                  AND v.recorded_at >= l.contacted_at - interval '1 hour')
ON CONFLICT DO NOTHING
