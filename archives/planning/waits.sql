-- From what day on those left out tonight have room, with all that has been planned now.
UPDATE archives_cappedplan w
SET ask_on = contact_free_day(w.customer_id, greatest(w.due_date, %(morning)s::date), r.most, r.days, true, NULL)
FROM archives_planstep s JOIN contact_rules(%(morning)s::date) r ON r.purpose = s.purpose
WHERE s.id = w.step_id AND w.ask_on IS NULL
