-- From what day on those left out tonight have room, with all that has been planned now.
UPDATE archives_cappedplan w
SET ask_on = contact_room(w.customer_id, s.purpose, greatest(w.due_date, %(morning)s::date), true, NULL)
FROM archives_planstep s
WHERE s.id = w.step_id AND w.ask_on IS NULL
