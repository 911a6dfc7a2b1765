-- The contacts of what was found.
INSERT INTO archives_contactmark (branch_id, staff_id, day, log_id, kind, finding_id)
SELECT f.branch_id, f.staff_id, f.day, m.log_id, m.kind, f.id
FROM quality_member m JOIN archives_contactfinding f ON f.leader_id = m.leader_id AND f.kind = m.kind
ON CONFLICT DO NOTHING
