-- Customers chosen by a query of the ORM join a static segment; those in it already stay as they are.
WITH chosen (customer_id, branch_id) AS (
    {chosen}
), joined AS (
    INSERT INTO segments_segmentmember (segment_id, customer_id, branch_id, since, cause, conditions, version)
    SELECT %(segment)s, customer_id, branch_id, segments_open_day(), 'chosen', 0, 0 FROM chosen
    ON CONFLICT DO NOTHING
    RETURNING customer_id, branch_id, since
)
INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version,
                                    staff_id)
SELECT %(segment)s, customer_id, branch_id, segments_open_day(), true, since, 'chosen', 0, 0, %(staff)s FROM joined
RETURNING customer_id
