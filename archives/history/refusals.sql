-- A refusal that is the newest word of a customer, of all contacts that reached them, goes into the ledger as said then; what
-- they have said of any contact since stands above it (a trigger lets do_not_contact follow).
INSERT INTO archives_consent (branch_id, customer_id, purpose, channel, is_given, evidence, reference, contact_id, at,
                              recorded_by_id, recorded_at, submission)
SELECT w.branch_id, w.customer_id, '', '', false, 'said', '', w.id, w.contacted_at, %(recorder)s, %(now)s,
       md5('import:' || w.imported_from || ':' || w.source_no)::uuid
FROM (SELECT DISTINCT customer_id FROM stage_contact) s  -- a correction of what came later may leave it the newest
CROSS JOIN LATERAL (
    SELECT l.* FROM archives_contactlog l
    WHERE l.customer_id = s.customer_id AND l.replaced_at IS NULL AND l.outcome = ANY (%(reached)s)
    ORDER BY l.contacted_at DESC, l.id DESC LIMIT 1) w
WHERE w.outcome = 'refused' AND w.imported_from <> '' AND NOT EXISTS (
    SELECT FROM archives_consent n
    WHERE n.customer_id = w.customer_id AND n.purpose = '' AND n.channel = '' AND n.at > w.contacted_at)
ON CONFLICT (customer_id, submission) DO NOTHING
