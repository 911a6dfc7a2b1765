-- What stands as the steps ask for it, and what people have closed, is not written again; but a plan leaves a day that has
-- become a holiday, or one of its owner's absence, where there is another, and takes the template of the customer's type.
DELETE FROM night_plan n USING archives_maintenanceplan p
WHERE p.customer_id = n.customer_id AND p.episode = n.episode
  AND CASE WHEN p.state = 'planned' THEN p.wanted_date = n.wanted_date
               AND (p.due_date = n.due_date OR p.due_date < %(morning)s
                    OR NOT EXISTS (
                        SELECT FROM organization_workday w WHERE w.day = p.due_date AND NOT w.is_working)
                    AND NOT EXISTS (
                        SELECT FROM organization_absence a
                        WHERE a.staff_id = p.owner_id AND p.due_date BETWEEN a.first_day AND a.last_day))
               AND (n.template_id IS NULL
                    OR (SELECT t.plan_type_id FROM archives_maintenancetemplate t WHERE t.id = p.template_id)
                     = (SELECT t.plan_type_id FROM archives_maintenancetemplate t WHERE t.id = n.template_id))
           ELSE p.cause NOT IN ('not_asked', 'customer_closed') END
