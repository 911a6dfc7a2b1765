-- What was found a month ago has been talked over.
INSERT INTO archives_contactverdict (branch_id, finding_id, number, kind, actor_id, at, remark)
SELECT f.branch_id, f.id, 1, 'talk', l.id, f.ended_at + interval '2 days', '十几户写得一样，已约周五面谈，请逐户补记真实情况。'
FROM archives_contactfinding f JOIN organization_user l ON l.branch_id = f.branch_id AND l.role = 'branch_manager'
WHERE f.day < f.found_on - 20 AND f.kind = 'alike' AND l.staff_no = '1100'
