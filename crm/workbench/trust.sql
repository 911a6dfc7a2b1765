-- The newest published night, the newest run at all, and the files of the published day. tiers_stamp changes with any
-- row of the primary scheme: the row versions (xmin) of the scheme and its tiers.
WITH published AS (
    SELECT id, business_date, published_at, started_at FROM jobs_jobrun
    WHERE job = 'nightly' AND published_at IS NOT NULL ORDER BY business_date DESC LIMIT 1
), latest AS (
    SELECT business_date, state FROM jobs_jobrun WHERE job = 'nightly' ORDER BY business_date DESC LIMIT 1
)
SELECT p.business_date AS published, p.published_at,
       greatest(0, extract(epoch FROM p.published_at - p.started_at))::float8 AS seconds,
       l.business_date AS latest, coalesce(l.state, '') AS latest_state,
       (SELECT array_agg(s.name ORDER BY s.no) FROM jobs_jobstep s WHERE s.run_id = p.id AND s.counts ? 'set_aside')
           AS set_aside,
       (SELECT string_agg(concat_ws(':', c.id, c.xmin, t.id, t.xmin), ' ' ORDER BY t.id)
        FROM segments_tierscheme c JOIN segments_tier t ON t.scheme_id = c.id WHERE c.is_primary) AS tiers_stamp,
       f.files, f.stopped_files, f.rejected_rows, f.control_difference
FROM (VALUES (1)) one LEFT JOIN latest l ON true LEFT JOIN published p ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state IN ('accepted', 'published')) AS files,
           count(*) FILTER (WHERE state IN ('stopped', 'failed')) AS stopped_files,
           coalesce(sum(rows_rejected) FILTER (WHERE state IN ('accepted', 'published')), 0)::bigint AS rejected_rows,
           max(abs(control_difference)) FILTER (WHERE state IN ('accepted', 'published')) AS control_difference
    FROM (SELECT DISTINCT ON (spec) state, rows_rejected, control_difference FROM customers_feedload
          WHERE as_of = p.business_date AND state <> 'superseded' ORDER BY spec, received_at DESC, id DESC) newest
) f
