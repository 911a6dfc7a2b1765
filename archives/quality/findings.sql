-- Write what was found, once: the same night again finds the same leaders.
INSERT INTO archives_contactfinding (branch_id, staff_id, kind, day, leader_id, contacts, began_at, ended_at, percent,
                                     late, needed_minutes, had_minutes, found_on)
SELECT s.branch_id, s.staff_id, m.kind, s.day, m.leader_id, count(*), min(s.recorded_at), max(s.recorded_at),
       floor(min(l.percent)), count(*) FILTER (WHERE s.is_late),
       greatest(count(*) FILTER (WHERE s.is_talk) - 1, 0) * %(minutes_a_call)s,
       coalesce(floor(extract(epoch FROM max(s.contacted_at) FILTER (WHERE s.is_talk)
                                         - min(s.contacted_at) FILTER (WHERE s.is_talk)) / 60), 0),
       %(as_of)s
FROM quality_member m JOIN quality_sitting s ON s.id = m.log_id
LEFT JOIN quality_said w ON w.id = m.log_id AND m.kind = 'alike'
LEFT JOIN quality_text t ON (t.staff_id, t.day, t.sitting, t.text) = (w.staff_id, w.day, w.sitting, w.text)
LEFT JOIN quality_leader l ON l.id = t.id
GROUP BY s.branch_id, s.staff_id, m.kind, s.day, m.leader_id
ORDER BY min(s.recorded_at)
ON CONFLICT DO NOTHING
