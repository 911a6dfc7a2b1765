-- Live alerts whose facts changed; those that had closed by themselves and hold again; those whose snooze is over.
UPDATE customers_alert a SET
    branch_id = n.branch_id, severity = n.severity, amount = n.amount, due_date = n.due_date, evidence = n.evidence,
    rule_version = n.rule_version, clears_when = n.clears_when, updated_on = %(as_of)s,
    state = CASE WHEN a.state = 'closed' OR (a.state = 'snoozed' AND a.snoozed_until <= %(as_of)s)
                 THEN 'new' ELSE a.state END,
    raised_on = CASE WHEN a.state = 'closed' THEN %(as_of)s ELSE a.raised_on END,
    answer_by = CASE WHEN a.state = 'closed' OR n.severity < a.severity
                     THEN %(opens_at)s + make_interval(hours => n.answer_hours) ELSE a.answer_by END,
    snoozed_until = CASE WHEN a.snoozed_until > %(as_of)s THEN a.snoozed_until END,
    closed_on = NULL, close_reason = ''
FROM night_alert n
WHERE a.customer_id = n.customer_id AND a.kind = n.kind AND a.episode = n.episode
  AND ((a.state = 'closed' AND a.close_reason = 'condition_gone')
       OR (a.state = 'snoozed' AND a.snoozed_until <= %(as_of)s)
       OR (a.state IN ('new', 'read', 'following', 'snoozed')
           AND (a.branch_id, a.severity, a.amount, a.due_date, a.evidence, a.rule_version, a.clears_when)
               IS DISTINCT FROM
               (n.branch_id, n.severity, n.amount, n.due_date, n.evidence, n.rule_version, n.clears_when)))
