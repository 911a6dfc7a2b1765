-- How much each author entered: what the flaws are a share of.
INSERT INTO archives_contactday (branch_id, staff_id, day, contacts)
SELECT branch_id, staff_id, day, count(*) FROM archives_counted_contact
WHERE recorded_at >= %(begins)s AND recorded_at < %(ends)s
GROUP BY branch_id, staff_id, day
ON CONFLICT (staff_id, day) DO UPDATE SET contacts = excluded.contacts
WHERE archives_contactday.contacts <> excluded.contacts
