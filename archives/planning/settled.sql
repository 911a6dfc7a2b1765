-- What stands as the steps ask for it, and what people have closed, is not written again; but a plan leaves a day that
-- has become a holiday.
DELETE FROM night_plan n USING archives_maintenanceplan p
WHERE p.customer_id = n.customer_id AND p.episode = n.episode
  AND CASE WHEN p.state = 'planned' THEN p.wanted_date = n.wanted_date AND NOT EXISTS (
               SELECT FROM organization_workday w
               WHERE w.day = p.due_date AND NOT w.is_working AND w.day >= %(morning)s)
           ELSE p.cause NOT IN ('not_asked', 'customer_closed') END
