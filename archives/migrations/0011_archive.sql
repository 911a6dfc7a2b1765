-- What the archive of each of some customers knows on a day: for every field in use, whether it counts for the customer,
-- and whether its value is there ("full"), has gone stale ("half") or is missing ("none"). `seen_at` is the moment as of
-- which values are read, 'infinity' for now. The one place that says what complete and stale mean.
CREATE FUNCTION archives_state(ids bigint[], on_day date, seen_at timestamptz)
RETURNS TABLE (customer_id bigint, field_id bigint, section text, weight smallint, counts boolean, state text, until date)
LANGUAGE sql STABLE AS $$
WITH known AS (
    SELECT v.customer_id, v.field_id, max(v.known_on) AS known_on
    FROM archives_archivevalue v
    WHERE v.customer_id = ANY(ids) AND v.is_filled AND v.recorded_at < seen_at
      AND (v.replaced_at IS NULL OR v.replaced_at >= seen_at)
    GROUP BY 1, 2
), people AS (
    SELECT c.id, c.customer_type, c.is_merchant, s.days, c.id_expiry_date, r.valid_to AS risk_valid_to,
           EXISTS (SELECT FROM known k JOIN archives_archivefield d ON d.id = k.field_id
                   WHERE k.customer_id = c.id AND d.section = 'farm') AS is_farmer,
           jsonb_build_object(
               'document', CASE WHEN c.id_no_mask = '' THEN 'none'
                                WHEN c.id_expiry_date < on_day THEN 'half' ELSE 'full' END,
               'mobile', CASE WHEN c.mobile_mask = '' THEN 'none' ELSE 'full' END,
               'address', CASE WHEN c.address_mask = '' THEN 'none' ELSE 'full' END,
               'birth_date', CASE WHEN c.birth_date IS NULL THEN 'none' ELSE 'full' END,
               'occupation', CASE WHEN c.occupation = '' THEN 'none' ELSE 'full' END,
               'employer', CASE WHEN c.employer = '' THEN 'none' ELSE 'full' END,
               'relations', CASE WHEN c.household_id IS NOT NULL OR EXISTS (
                   SELECT FROM customers_relation r WHERE r.customer_id = c.id) THEN 'full' ELSE 'none' END,
               'risk', CASE WHEN r.valid_to IS NULL THEN 'none' WHEN r.valid_to < on_day THEN 'half' ELSE 'full' END
           ) AS of_system
    FROM customers_customer c
    LEFT JOIN customers_metrics m ON m.customer_id = c.id
    LEFT JOIN archives_staleafter s ON s.tier = m.tier
    LEFT JOIN LATERAL (SELECT a.valid_to FROM archives_riskassessment a WHERE a.customer_id = c.id
                       ORDER BY a.assessed_on DESC, a.id DESC LIMIT 1) r ON true
    WHERE c.id = ANY(ids)
)
SELECT p.id, f.id, f.section::text, f.weight,
       CASE f.applies_to WHEN 'all' THEN true WHEN 'merchant' THEN p.is_merchant WHEN 'farmer' THEN p.is_farmer
            ELSE f.applies_to = p.customer_type END,
       CASE WHEN f.kind = 'system' THEN coalesce(p.of_system ->> f.key, 'none')
            WHEN k.known_on IS NULL THEN 'none'
            WHEN k.known_on + p.days < on_day THEN 'half' ELSE 'full' END,
       CASE WHEN f.kind <> 'system' THEN k.known_on + p.days WHEN f.key = 'document' THEN p.id_expiry_date
            WHEN f.key = 'risk' THEN p.risk_valid_to END
FROM people p CROSS JOIN archives_archivefield f
LEFT JOIN known k ON k.customer_id = p.id AND k.field_id = f.id
WHERE f.is_active
$$;
-- Completeness in percent of the weights that count (a stale value counts half, fractions are cut), the number of sections
-- in which a value is stale, and the next day on which a value that is good now goes stale.
CREATE FUNCTION archives_measure(ids bigint[], on_day date)
RETURNS TABLE (customer_id bigint, completeness smallint, stale_sections smallint, changes_on date)
LANGUAGE sql STABLE AS $$
SELECT s.customer_id,
       coalesce(sum(s.weight * CASE s.state WHEN 'full' THEN 2 WHEN 'half' THEN 1 ELSE 0 END) FILTER (WHERE s.counts) * 50
                / nullif(sum(s.weight) FILTER (WHERE s.counts), 0), 0)::smallint,
       (count(DISTINCT s.section) FILTER (WHERE s.counts AND s.state = 'half'))::smallint,
       min(s.until + 1) FILTER (WHERE s.counts AND s.until >= on_day)
FROM archives_state(ids, on_day, 'infinity') s
GROUP BY s.customer_id
$$;
-- The stored measures of archives that are there, on a day.
CREATE FUNCTION archives_remeasure(ids bigint[], on_day date) RETURNS bigint LANGUAGE sql AS $$
WITH written AS (
    UPDATE archives_archive a SET completeness = m.completeness, stale_sections = m.stale_sections,
           changes_on = m.changes_on, measured_on = on_day
    FROM archives_measure(ids, on_day) m WHERE a.customer_id = m.customer_id RETURNING 1)
SELECT count(*) FROM written
$$;
