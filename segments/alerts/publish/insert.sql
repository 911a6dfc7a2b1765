-- New episodes.
INSERT INTO customers_alert (branch_id, customer_id, kind, episode, severity, amount, due_date, evidence, rule_version,
                             clears_when, state, raised_on, updated_on, answer_by, close_reason, close_note)
SELECT branch_id, customer_id, kind, episode, severity, amount, due_date, evidence, rule_version, clears_when, 'new',
       %(as_of)s, %(as_of)s, %(opens_at)s + make_interval(hours => answer_hours), '', ''
FROM night_alert n
WHERE NOT EXISTS (SELECT FROM customers_alert a
                  WHERE a.customer_id = n.customer_id AND a.kind = n.kind AND a.episode = n.episode)
