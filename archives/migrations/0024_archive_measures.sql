-- The stored measures of archives that are there, on a day; what a measure has changed is kept by the day.
CREATE OR REPLACE FUNCTION archives_remeasure(ids bigint[], on_day date) RETURNS bigint LANGUAGE sql AS $$
WITH written AS (
    UPDATE archives_archive a SET completeness = m.completeness, stale_sections = cardinality(m.stale_in),
           stale_in = m.stale_in, changes_on = m.changes_on, measured_on = on_day
    FROM archives_measure(ids, on_day) m WHERE a.customer_id = m.customer_id
    RETURNING a.branch_id, a.customer_id, a.completeness, a.stale_in
), kept AS (
    INSERT INTO archives_archivemeasure (branch_id, customer_id, measured_on, completeness, stale_in)
    SELECT w.branch_id, w.customer_id, on_day, w.completeness, w.stale_in
    FROM written w
    LEFT JOIN LATERAL (SELECT k.completeness, k.stale_in FROM archives_archivemeasure k
                       WHERE k.customer_id = w.customer_id AND k.measured_on <= on_day
                       ORDER BY k.measured_on DESC, k.id DESC LIMIT 1) last ON true
    WHERE ROW(last.completeness, last.stale_in) IS DISTINCT FROM ROW(w.completeness, w.stale_in)
)
SELECT count(*) FROM written
$$;
-- What stands now has stood since it was last measured; of the days before nothing is known.
INSERT INTO archives_archivemeasure (branch_id, customer_id, measured_on, completeness, stale_in)
SELECT branch_id, customer_id, measured_on, completeness, stale_in
FROM archives_archive WHERE measured_on IS NOT NULL ORDER BY customer_id
