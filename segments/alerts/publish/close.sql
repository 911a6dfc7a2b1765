-- Live alerts whose condition is gone. Critical customers are judged only where tonight looked at them.
UPDATE customers_alert a SET
    state = 'closed', closed_on = %(as_of)s, updated_on = %(as_of)s, snoozed_until = NULL,
    close_reason = CASE WHEN EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = a.customer_id AND n.is_closed)
                        THEN 'customer_closed' ELSE 'condition_gone' END
WHERE a.state IN ('new', 'read', 'following', 'snoozed')
  AND NOT EXISTS (SELECT FROM night_alert n
                  WHERE n.customer_id = a.customer_id AND n.kind = a.kind AND n.episode = a.episode)
  AND (EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = a.customer_id AND n.is_closed)
       OR (a.kind = ANY (%(judged_kinds)s)
           AND (a.kind NOT IN ('upgrade_critical', 'downgrade_critical') OR %(everybody)s
                OR EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = a.customer_id)
                OR EXISTS (SELECT FROM night_tier t WHERE t.customer_id = a.customer_id AND t.scheme_id = %(scheme)s))))
