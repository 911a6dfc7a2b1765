INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, outcome,
                                 summary, products, amount, next_action, next_date, corrects_id, recorded_at,
                                 recorded_by_id, imported_from, source_no)
SELECT branch_id, customer_id, staff_id, said_at AT TIME ZONE %(zone)s, channel, direction, purpose, outcome, summary,
       products, amount, next_action, next_date, first_id, %(now)s, %(recorder)s, source, source_no
FROM stage_contact ORDER BY said_at, line
