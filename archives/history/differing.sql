-- What says the same as the last import needs nothing.
DELETE FROM stage_contact s USING archives_contactlog l
WHERE l.id = s.last_id AND l.staff_id = s.staff_id AND l.contacted_at = s.said_at AT TIME ZONE %(zone)s
  AND l.channel = s.channel AND l.direction = s.direction AND l.purpose = s.purpose AND l.outcome = s.outcome
  AND l.summary = s.summary AND l.products = s.products AND l.amount IS NOT DISTINCT FROM s.amount
  AND l.next_action = s.next_action AND l.next_date IS NOT DISTINCT FROM s.next_date
