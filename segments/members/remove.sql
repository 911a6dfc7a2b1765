-- Customers chosen by a query of the ORM leave a static segment.
WITH chosen (customer_id, branch_id) AS (
    {chosen}
), gone AS (
    DELETE FROM segments_segmentmember m USING chosen c
    WHERE m.segment_id = %(segment)s AND m.customer_id = c.customer_id
    RETURNING m.customer_id, m.branch_id, m.since
)
INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version,
                                    staff_id)
SELECT %(segment)s, customer_id, branch_id, segments_open_day(), false, since, 'chosen', 0, 0, %(staff)s FROM gone
RETURNING customer_id
