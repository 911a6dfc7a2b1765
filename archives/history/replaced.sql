-- What reads otherwise now stays to be read and counts no more. Where a person is faster with a correction, it stands.
WITH gone AS (
    UPDATE archives_contactlog l SET replaced_at = %(now)s
    FROM stage_contact s WHERE l.id = s.last_id AND l.replaced_at IS NULL RETURNING l.id
)
DELETE FROM stage_contact s WHERE s.last_id IS NOT NULL AND s.last_id NOT IN (SELECT id FROM gone)
