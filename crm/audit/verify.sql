-- One row per chain: how many entries it has, and its first entry that was changed, moved, removed or cut off.
WITH checked AS (
    SELECT
        chain,
        seq,
        CASE
            WHEN seq <> coalesce(lag(seq) OVER in_order, 0) + 1 THEN 'missing'
            WHEN prev_hash <> coalesce(lag(hash) OVER in_order, '') THEN 'unlinked'
            WHEN hash <> sha256(prev_hash || convert_to(jsonb_build_array(
                chain, seq, (extract(epoch FROM at) * 1000000)::bigint, actor_id, actor_no, action, customer_id,
                object_type, object_id, detail, host(address))::text, 'UTF8')) THEN 'changed'
        END AS fault
    FROM audit_auditentry
    WINDOW in_order AS (PARTITION BY chain ORDER BY seq)
), summed AS (
    SELECT chain, count(*) AS entries, max(seq) AS last_seq, min(seq) FILTER (WHERE fault IS NOT NULL) AS broken_seq
    FROM checked
    GROUP BY chain
)
SELECT
    coalesce(summed.chain, head.chain) AS chain,
    coalesce(summed.entries, 0) AS entries,
    coalesce(summed.broken_seq, CASE
        WHEN head.seq IS DISTINCT FROM summed.last_seq THEN coalesce(summed.last_seq, 0) + 1
        WHEN head.hash IS DISTINCT FROM last_entry.hash THEN summed.last_seq
    END) AS broken_seq,
    CASE
        WHEN summed.broken_seq IS NOT NULL THEN checked.fault
        WHEN head.seq IS DISTINCT FROM summed.last_seq THEN 'cut off'
        WHEN head.hash IS DISTINCT FROM last_entry.hash THEN 'changed'
    END AS fault
FROM summed
FULL JOIN audit_audithead AS head ON head.chain = summed.chain
LEFT JOIN checked ON checked.chain = summed.chain AND checked.seq = summed.broken_seq
LEFT JOIN audit_auditentry AS last_entry ON last_entry.chain = summed.chain AND last_entry.seq = summed.last_seq
ORDER BY 1
