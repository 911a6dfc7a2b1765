-- Steps by which a customer may not be reached are not planned.
DELETE FROM night_plan n USING archives_planstep s, planning_barred b
WHERE s.id = n.step_id AND b.customer_id = n.customer_id AND b.purpose = s.purpose AND b.channel = s.channel
  AND b.is_visit = (s.event = 'visit')
