DROP FUNCTION archives_remeasure(bigint[], date);
DROP FUNCTION archives_measure(bigint[], date);
-- Completeness in percent of the weights that count (a stale value counts half, fractions are cut), the sections in which a
-- value is stale, and the next day on which a value that is good now goes stale.
CREATE FUNCTION archives_measure(ids bigint[], on_day date)
RETURNS TABLE (customer_id bigint, completeness smallint, stale_in varchar[], changes_on date)
LANGUAGE sql STABLE AS $$
SELECT s.customer_id,
       coalesce(sum(s.weight * CASE s.state WHEN 'full' THEN 2 WHEN 'half' THEN 1 ELSE 0 END) FILTER (WHERE s.counts) * 50
                / nullif(sum(s.weight) FILTER (WHERE s.counts), 0), 0)::smallint,
       coalesce(array_agg(DISTINCT s.section ORDER BY s.section) FILTER (WHERE s.counts AND s.state = 'half'),
                '{}')::varchar[],
       min(s.until + 1) FILTER (WHERE s.counts AND s.until >= on_day)
FROM archives_state(ids, on_day, 'infinity') s
GROUP BY s.customer_id
$$;
-- The stored measures of archives that are there, on a day.
CREATE FUNCTION archives_remeasure(ids bigint[], on_day date) RETURNS bigint LANGUAGE sql AS $$
WITH written AS (
    UPDATE archives_archive a SET completeness = m.completeness, stale_sections = cardinality(m.stale_in),
           stale_in = m.stale_in, changes_on = m.changes_on, measured_on = on_day
    FROM archives_measure(ids, on_day) m WHERE a.customer_id = m.customer_id RETURNING 1)
SELECT count(*) FROM written
$$;
-- Which sections are stale was not kept: found again as of the day of the measure, for those that had any.
SELECT archives_remeasure(array_agg(customer_id), measured_on) FROM archives_archive
WHERE stale_sections > 0 AND measured_on IS NOT NULL GROUP BY measured_on
