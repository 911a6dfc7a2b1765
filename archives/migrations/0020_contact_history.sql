-- History from another system is no touch: the cap counts what was done and planned here.
CREATE OR REPLACE VIEW archives_touch WITH (security_invoker = true) AS
SELECT l.customer_id, (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL::bigint AS plan_id
FROM archives_contactlog l
WHERE l.direction = 'outbound' AND l.outcome <> 'not_reached' AND reaches_out(l.channel)
  AND l.replaced_at IS NULL AND l.imported_from = ''
  AND l.purpose IN (SELECT r.purpose FROM contact_rules((now() AT TIME ZONE 'Asia/Shanghai')::date) r
                    WHERE r.kind = 'marketing')
UNION ALL
SELECT p.customer_id, p.due_date, p.id
FROM archives_maintenanceplan p
WHERE (p.state = 'planned' OR p.state = 'paused') AND p.origin <> 'inspection' AND reaches_out(p.channel)
  AND p.purpose IN (SELECT r.purpose FROM contact_rules((now() AT TIME ZONE 'Asia/Shanghai')::date) r
                    WHERE r.kind = 'marketing');
