-- A chunk of alerts or plans, whose rows the caller has locked, gets new values; each item keeps what the row was. A plan
-- that is open, but paused by a complaint or asked for by an inspection, is left as it is.
WITH chosen AS MATERIALIZED (
    SELECT r.id, {is_open} AS is_open, ({columns}) IS NOT DISTINCT FROM ({values}) AS is_same,
           to_jsonb(r) AS was
    FROM {table} r WHERE r.id = ANY (%(ids)s)
), changed AS (
    UPDATE {table} r SET {sets} FROM chosen c WHERE r.id = c.id AND c.is_open AND NOT c.is_same
    RETURNING r.id
)
UPDATE customers_bulkitem i
SET outcome = CASE WHEN NOT c.is_open AND c.was ->> 'state' IN ('planned', 'paused') THEN 'held'
                   WHEN NOT c.is_open THEN 'closed_since' WHEN c.is_same THEN 'same'
                   -- The database leaves a plan where it is whose customer has contacts enough on the new day.
                   WHEN h.id IS NULL THEN 'barred' ELSE 'changed' END,
    before = (SELECT jsonb_object_agg(key, value) FROM jsonb_each(c.was) WHERE key = ANY (%(names)s))
FROM chosen c LEFT JOIN changed h USING (id)
WHERE i.job_id = %(job)s AND i.row_id = c.id
