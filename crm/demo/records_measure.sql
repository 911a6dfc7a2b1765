-- The archives of all of whom something is known, measured as of the day.
INSERT INTO archives_archive (customer_id, branch_id, version, completeness, stale_sections, updated_at)
SELECT customer_id, min(branch_id), count(DISTINCT recorded_at), 0, 0, max(recorded_at)
FROM archives_archivevalue GROUP BY customer_id ORDER BY customer_id;
ANALYZE archives_archivevalue;
SELECT archives_remeasure(coalesce(array_agg(customer_id), '{}'), %(as_of)s::date) FROM archives_archive
