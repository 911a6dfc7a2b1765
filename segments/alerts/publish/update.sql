-- Live alerts whose facts changed; those that had closed by themselves and hold again; those whose snooze is over; and
-- maturities that reach a later stage, though answered or put off, unless it was settled what happens to the money.
WITH found AS (
    SELECT a.id AS alert_id, n.id AS found_id,
           a.kind = 'maturity' AND n.severity < a.severity
               AND (a.state = 'snoozed' OR (a.state = 'closed' AND a.close_reason = 'contacted')) AS is_nearer,
           a.state = 'closed' AND a.close_reason = 'condition_gone' AS is_back,
           a.state = 'snoozed' AND a.snoozed_until <= %(as_of)s AS is_awake
    FROM night_alert n JOIN customers_alert a USING (customer_id, kind, episode)
)
UPDATE customers_alert a SET
    branch_id = n.branch_id, severity = n.severity, amount = n.amount, due_date = n.due_date, evidence = n.evidence,
    rule_version = n.rule_version, clears_when = n.clears_when, updated_on = %(as_of)s,
    state = CASE WHEN is_nearer OR is_back OR is_awake THEN 'new' ELSE a.state END,
    raised_on = CASE WHEN a.state = 'closed' THEN %(as_of)s ELSE a.raised_on END,
    answer_by = CASE WHEN a.state = 'closed' OR n.severity < a.severity
                     THEN %(opens_at)s + make_interval(hours => n.answer_hours) ELSE a.answer_by END,
    snoozed_until = CASE WHEN a.snoozed_until > %(as_of)s AND NOT is_nearer THEN a.snoozed_until END,
    closed_on = NULL, closed_by_id = NULL, close_reason = '', close_note = ''
FROM found JOIN night_alert n ON n.id = found.found_id
WHERE a.id = found.alert_id
  AND (is_nearer OR is_back OR is_awake
       OR (a.state IN ('new', 'read', 'following', 'snoozed')
           AND (a.branch_id, a.severity, a.amount, a.due_date, a.evidence, a.rule_version, a.clears_when)
               IS DISTINCT FROM
               (n.branch_id, n.severity, n.amount, n.due_date, n.evidence, n.rule_version, n.clears_when)))
