-- Why each joins or leaves: the passing of days before the other conditions, and who a customer is before both.
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
        WHEN n.is_in THEN CASE WHEN t.begun <> 0 THEN t.begun ELSE t.met END
        WHEN t.is_asked THEN 0
        ELSE %(all)s & ~t.met END
FROM ({told}) t (customer_id, branch_id, status, opted_out, open_date, is_asked, met, begun)
WHERE n.segment_id = %(segment)s AND n.customer_id = t.customer_id
