-- Customers chosen by a query of the ORM join a static segment; those in it already stay as they are. The customers are
-- held first: who is refusing profiling just now is waited for and left out, and whoever refuses later finds the
-- membership and leaves it. The day comes last: whoever has it waits for nobody.
WITH chosen (customer_id, branch_id) AS (
    {chosen}
), held AS MATERIALIZED (
    SELECT id AS customer_id, branch_id FROM customers_customer
    WHERE id IN (SELECT customer_id FROM chosen) AND status = 'active' AND NOT profiling_opt_out
    ORDER BY id FOR SHARE
), opened AS MATERIALIZED (
    SELECT segments_open_day() AS day FROM (SELECT count(*) FROM held) h
), joined AS (
    INSERT INTO segments_segmentmember (segment_id, customer_id, branch_id, since, cause, conditions, version)
    SELECT %(segment)s, customer_id, branch_id, day, 'chosen', 0, 0 FROM held, opened
    ON CONFLICT DO NOTHING
    RETURNING customer_id, branch_id, since
)
INSERT INTO segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version,
                                    staff_id)
SELECT %(segment)s, customer_id, branch_id, since, true, since, 'chosen', 0, 0, %(staff)s FROM joined
RETURNING customer_id
