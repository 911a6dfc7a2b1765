-- 提前联系: an effective contact with something said, in the seven days before the maturity or on its day; written down
-- late, it counts until the parts are final.
UPDATE campaigns_maturity m SET is_contacted = c.is_contacted
FROM (
    SELECT o.id, EXISTS (
               SELECT FROM archives_contactlog l
               WHERE l.customer_id = o.customer_id AND l.replaced_at IS NULL AND l.outcome = ANY (%(reached)s)
                 AND l.channel <> %(sms)s AND l.summary <> ''
                 AND l.contacted_at >= (o.maturity_date - 7)::timestamp AT TIME ZONE 'Asia/Shanghai'
                 AND l.contacted_at < (o.maturity_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai') AS is_contacted
    FROM campaigns_maturity o WHERE o.ends_on >= %(as_of)s AND o.final_on >= %(as_of)s
) c
WHERE m.id = c.id AND m.is_contacted <> c.is_contacted
