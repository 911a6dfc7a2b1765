-- After a handover: contacts, tellings and what of the assets stayed, beside the rest of the branch in the same days.
WITH moved AS MATERIALIZED (
    SELECT customer_id, aum, moved_at, told_on, to_owner_id FROM customers_ownershipmove
    WHERE request_id = %(request)s AND outcome = 'changed'
), contacted AS (
    SELECT m.customer_id FROM moved m
    WHERE EXISTS (
        SELECT FROM archives_contactlog l
        WHERE l.customer_id = m.customer_id AND l.contacted_at >= m.moved_at AND l.contacted_at < %(end)s
          AND l.outcome = ANY (%(reached)s) AND l.channel <> 'sms' AND l.replaced_at IS NULL)
), flow AS (
    SELECT sum(b.new_counted - b.old_counted - b.reclassified) FILTER (WHERE m.customer_id IS NOT NULL) AS moved,
           sum(b.new_counted - b.old_counted - b.reclassified) FILTER (WHERE m.customer_id IS NULL) AS others
    FROM customers_balancechange b LEFT JOIN moved m USING (customer_id)
    WHERE b.branch_id = %(branch)s AND b.as_of > %(as_of)s AND b.as_of <= %(last)s
), since AS (
    SELECT sum(b.new_counted - b.old_counted) AS others
    FROM customers_balancechange b LEFT JOIN moved m USING (customer_id)
    WHERE b.branch_id = %(branch)s AND b.as_of > %(as_of)s AND m.customer_id IS NULL
), others AS (
    SELECT sum(t.aum) AS aum FROM customers_metrics t LEFT JOIN moved m USING (customer_id)
    WHERE t.branch_id = %(branch)s AND m.customer_id IS NULL
)
SELECT count(*) AS customers, (SELECT count(*) FROM contacted) AS contacted, count(told_on) AS told,
       coalesce(sum(aum), 0) AS aum, coalesce((SELECT moved FROM flow), 0) AS flow,
       coalesce((SELECT aum FROM others), 0) - coalesce((SELECT others FROM since), 0) AS branch_aum,
       coalesce((SELECT others FROM flow), 0) AS branch_flow
FROM moved
