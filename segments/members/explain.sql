-- Why each joins or leaves: the passing of days before the other conditions, and who a customer is before both. Named
-- is what changed, as far as that is known: of who joins and was in no file of customers nothing about the person; of who
-- leaves only what let them in, or must have held in everybody.
UPDATE night_segment n SET
    branch_id = t.branch_id,
    cause = CASE
        WHEN n.is_in AND %(is_new_rule)s THEN 'rule'
        WHEN n.is_in AND t.open_date > %(before)s THEN 'opened'
        WHEN n.is_in THEN 'conditions'
        WHEN NOT %(is_active)s THEN 'withdrawn'
        WHEN t.status = 'closed' THEN 'closed'
        WHEN t.opted_out THEN 'opted_out'
        WHEN t.is_asked THEN 'moved'
        WHEN %(is_new_rule)s THEN 'rule'
        ELSE 'conditions' END,
    conditions = CASE
        WHEN n.is_in AND t.begun <> 0 THEN t.begun
        WHEN n.is_in AND %(is_night)s AND t.met & ~%(person)s <> 0 AND NOT %(is_new_rule)s
             AND t.open_date <= %(before)s AND f.customer_id IS NULL THEN t.met & ~%(person)s
        WHEN n.is_in THEN t.met
        WHEN t.is_asked THEN 0
        ELSE (%(certain)s | CASE WHEN m.version = %(version)s THEN m.conditions ELSE 0 END) & ~t.met END
FROM ({told}) t (customer_id, branch_id, status, opted_out, open_date, is_asked, met, begun)
LEFT JOIN night_customer f ON f.customer_id = t.customer_id
LEFT JOIN segments_segmentmember m ON m.segment_id = %(segment)s AND m.customer_id = t.customer_id
WHERE n.segment_id = %(segment)s AND n.customer_id = t.customer_id
