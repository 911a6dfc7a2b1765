-- Open plans of the night that nothing asks for any more. One of a customer who is still planned for, whose day was
-- before tonight, stays: it is overdue, not gone; unless it is about an alert that has been closed, or about money at another
-- bank of which the archive no longer says so, or the customer may not be reached so any more. Those that a complaint has
-- paused stay as they are.
UPDATE archives_maintenanceplan p SET state = 'cancelled', closed_on = %(as_of)s, cause = 'not_asked'
FROM night_plan_customer c
WHERE p.customer_id = c.customer_id AND p.state = 'planned' AND p.episode <> ''
  AND (NOT c.is_planned OR EXISTS (
           SELECT FROM archives_planstep s
           JOIN planning_barred b ON b.purpose = s.purpose AND b.channel = s.channel AND b.is_visit = (s.event = 'visit')
           WHERE s.id = p.step_id AND b.customer_id = p.customer_id)
       OR p.origin = 'tier' OR p.origin = 'visit' OR p.wanted_date >= %(morning)s
       OR (p.origin = 'alert' AND NOT EXISTS (
           SELECT FROM archives_planstep s
           JOIN customers_alert a ON a.customer_id = p.customer_id AND a.kind = s.alert_kind
            AND a.state IN ('new', 'read', 'following', 'snoozed') AND p.episode = s.code || ':' || a.episode
           WHERE s.id = p.step_id))
       OR (p.origin = 'date' AND EXISTS (
           SELECT FROM archives_planstep s WHERE s.id = p.step_id AND s.event = 'other_bank' AND NOT EXISTS (
               SELECT FROM archives_archivevalue v JOIN archives_archivefield f ON f.id = v.field_id
               WHERE v.customer_id = p.customer_id AND v.replaced_at IS NULL AND f.key = 'other_maturity' AND f.is_active
                 AND p.episode = s.code || ':' || v.day))))
  AND NOT EXISTS (SELECT FROM night_plan n WHERE n.customer_id = p.customer_id AND n.episode = p.episode)
