-- Who refused profiling while a judgement let them in leaves again; what has been counted by then stays counted.
WITH gone AS MATERIALIZED (
    DELETE FROM segments_segmentmember m USING customers_customer c
    WHERE c.id = m.customer_id AND c.profiling_opt_out
    RETURNING m.segment_id, m.customer_id, m.branch_id, m.since, m.version
), opened AS MATERIALIZED (
    SELECT segments_open_day() AS day FROM (SELECT count(*) FROM gone) g
)
INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version)
SELECT segment_id, customer_id, branch_id, day, false, since, 'opted_out', 0, version FROM gone, opened
