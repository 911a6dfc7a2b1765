-- What stands as the steps ask for it, and what people have closed, is not written again. What is asked for the same day as
-- before may stay where it is, overdue too; but it leaves a day that has become a holiday, or one of its owner's absence,
-- where there is another. Where the customer has become one of another type it is written for its template, and keeps its day.
WITH stands AS MATERIALIZED (
    SELECT n.id, p.due_date,
           p.state = 'planned' AND NOT coalesce(
               n.template_id IS NULL
               OR (SELECT t.plan_type_id FROM archives_maintenancetemplate t WHERE t.id = p.template_id)
                = (SELECT t.plan_type_id FROM archives_maintenancetemplate t WHERE t.id = n.template_id), false) AS is_of_another_type
    FROM night_plan n
    JOIN archives_maintenanceplan p ON p.customer_id = n.customer_id AND p.episode = n.episode
    WHERE CASE WHEN p.state = 'planned' THEN p.wanted_date = n.wanted_date
                   AND (p.due_date = n.due_date OR p.due_date < %(morning)s
                        OR NOT EXISTS (
                            SELECT FROM organization_workday w WHERE w.day = p.due_date AND NOT w.is_working)
                        AND NOT EXISTS (
                            SELECT FROM organization_absence a
                            WHERE a.staff_id = p.owner_id AND p.due_date BETWEEN a.first_day AND a.last_day))
               ELSE p.cause NOT IN ('not_asked', 'customer_closed') END
), settled AS (
    DELETE FROM night_plan n USING stands s WHERE s.id = n.id AND NOT s.is_of_another_type
)
UPDATE night_plan n SET due_date = s.due_date FROM stands s WHERE s.id = n.id AND s.is_of_another_type
