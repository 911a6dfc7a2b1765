-- Whom the night has touched, what people have done since the last one, and whose events have come into sight.
INSERT INTO night_plan_seen (customer_id)
SELECT customer_id FROM {touched}
UNION SELECT customer_id FROM archives_contactlog
          WHERE recorded_at >= %(previous)s::timestamp AT TIME ZONE 'Asia/Shanghai'
UNION SELECT customer_id FROM archives_maintenanceplan WHERE closed_on >= %(previous)s
UNION SELECT customer_id FROM customers_ownership WHERE role = 'main' AND since >= %(previous)s
UNION SELECT customer_id FROM customers_ownership WHERE role = 'main' AND until >= %(previous)s
UNION SELECT h.customer_id FROM archives_planstep p
          JOIN customers_holding h ON h.status = 'open' AND h.maturity_date IS NOT NULL
           AND h.maturity_date BETWEEN %(seen)s::date + 1 - p.offset_days AND %(horizon)s::date - p.offset_days
          WHERE p.is_active AND p.event = 'maturity'
UNION SELECT a.customer_id FROM archives_planstep p
          JOIN customers_alert a ON a.kind = p.alert_kind AND a.state IN ('new', 'read', 'following', 'snoozed')
           AND a.raised_on >= %(previous)s
          WHERE p.is_active AND p.event = 'alert'
UNION SELECT customer_id FROM customers_alert WHERE closed_by_id IS NOT NULL AND closed_on >= %(previous)s
-- Whose important dates were changed, or what is known of money at other banks.
UNION SELECT v.customer_id FROM archives_archivevalue v JOIN archives_archivefield f ON f.id = v.field_id
          WHERE f.section IN ('dates', 'other_banks') AND v.recorded_at >= %(previous)s::timestamp AT TIME ZONE 'Asia/Shanghai'
-- Of whom people have decided a grade: the type of maintenance may be another.
UNION SELECT customer_id FROM segments_gradedecision
          WHERE decided_at >= %(previous)s::timestamp AT TIME ZONE 'Asia/Shanghai'
-- Who has agreed to something or refused it.
UNION SELECT customer_id FROM archives_consent
          WHERE recorded_at >= %(previous)s::timestamp AT TIME ZONE 'Asia/Shanghai'
-- Whose complaint was closed: plans may be made again.
UNION SELECT customer_id FROM archives_complaint
          WHERE state = 'closed' AND closed_on >= %(previous)s AND customer_id IS NOT NULL
-- Whose cap left something out: once its day has room, by time or because what stood there was done, moved or called off.
UNION SELECT w.customer_id FROM archives_cappedplan w
          JOIN archives_planstep s ON s.id = w.step_id
          WHERE w.ask_on <= %(morning)s
             OR contact_room(w.customer_id, s.purpose, greatest(w.due_date, %(morning)s::date), true, NULL)
                <= greatest(w.due_date, %(morning)s::date)
-- The calendar of a year has come, or a holiday was moved.
UNION SELECT p.customer_id FROM organization_workday w
          JOIN archives_maintenanceplan p ON p.due_date = w.day AND p.state = 'planned' AND p.episode <> ''
          WHERE NOT w.is_working AND w.day >= %(morning)s
-- Somebody will be away on a day for which something is planned.
UNION SELECT p.customer_id FROM organization_absence a
          JOIN archives_maintenanceplan p ON p.owner_id = a.staff_id AND p.state = 'planned' AND p.episode <> ''
           AND p.due_date BETWEEN greatest(a.first_day, %(morning)s::date) AND a.last_day
          WHERE a.last_day >= %(morning)s
