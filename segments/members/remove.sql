-- Customers chosen by a query of the ORM leave a static segment. The day comes last: whoever has it waits for nobody.
WITH chosen (customer_id, branch_id) AS (
    {chosen}
), gone AS MATERIALIZED (
    DELETE FROM segments_segmentmember m USING chosen c
    WHERE m.segment_id = %(segment)s AND m.customer_id = c.customer_id
    RETURNING m.customer_id, m.branch_id, m.since
), opened AS MATERIALIZED (
    SELECT segments_open_day() AS day FROM (SELECT count(*) FROM gone) g
)
INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version,
                                    staff_id)
SELECT %(segment)s, customer_id, branch_id, day, false, since, 'chosen', 0, 0, %(staff)s FROM gone, opened
RETURNING customer_id
