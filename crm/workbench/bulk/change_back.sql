-- Alerts or plans that are still as the job left them become again what they were. Where the job left them open, those
-- that somebody has closed since are no longer as it left them.
WITH chosen AS MATERIALIZED (
    SELECT i.id AS item_id, r.id, ({columns}) IS NOT DISTINCT FROM ({values}) AND {is_still} AS stands, i.before AS was
    FROM customers_bulkitem i JOIN {table} r ON r.id = i.row_id
    WHERE i.job_id = %(job)s AND i.row_id = ANY (%(ids)s)
), restored AS (
    UPDATE {table} r SET {back}
    FROM chosen c CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, c.was) b
    WHERE r.id = c.id AND c.stands
    RETURNING r.id
)
UPDATE customers_bulkitem i
SET outcome = CASE WHEN NOT c.stands THEN 'edited'
                   -- The database leaves a plan as it is whose customer may not be reached so any more.
                   WHEN d.id IS NULL THEN 'barred' ELSE 'restored' END
FROM chosen c LEFT JOIN restored d USING (id) WHERE i.id = c.item_id
