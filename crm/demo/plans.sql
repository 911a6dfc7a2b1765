-- What the latest contact of a customer asked for, as far as it lies ahead or was missed in the past days.
INSERT INTO archives_maintenanceplan (branch_id, customer_id, owner_id, due_date, purpose, channel, note, state,
                                      source_id, created_by_id, created_at, submission)
SELECT last.branch_id, last.customer_id, last.staff_id, last.next_date, last.purpose, last.channel, last.next_action,
       'planned', last.id, last.staff_id, last.contacted_at, md5('plan of ' || last.id)::uuid
FROM (SELECT DISTINCT ON (customer_id) * FROM archives_contactlog ORDER BY customer_id, contacted_at DESC) last
WHERE last.next_date >= %(as_of)s::date - 3
