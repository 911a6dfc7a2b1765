-- What the quality of contacts has to tell apart: a manager who types the same words into two dozen contacts at the end
-- of a day (and did so a month ago), one who honestly writes a day down in the evening, one who tries to call a dozen
-- customers and reaches none.
WITH authors (staff_no, days_ago, first_entry, seconds, contacts, kind) AS (
    VALUES ('1005', 0, time '17:40', 31, 23, 'pasted'), ('1005', 35, time '17:52', 28, 12, 'pasted'),
           ('1009', 1, time '18:04', 55, 9, 'evening'), ('1003', 1, time '10:20', 47, 12, 'missed')
), entries AS (
    SELECT a.kind, o.branch_id, o.customer_id, o.owner_id,
           (w.day + a.first_entry) AT TIME ZONE 'Asia/Shanghai' + make_interval(secs => o.k * a.seconds) AS at, o.k
    FROM authors a JOIN organization_user u USING (staff_no)
    CROSS JOIN LATERAL (SELECT %(as_of)s::date - a.days_ago AS day) d
    CROSS JOIN LATERAL (SELECT d.day - greatest(extract(isodow FROM d.day)::int - 5, 0) AS day) w
    JOIN LATERAL (
        SELECT *, row_number() OVER (ORDER BY pg_temp.chance(customer_id, 761 + a.days_ago)) AS k
        FROM demo_owner WHERE owner_id = u.id
    ) o ON o.k <= a.contacts
)
INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, outcome,
                                 summary, next_action, next_date, recorded_at)
SELECT branch_id, customer_id, owner_id,
       CASE kind WHEN 'evening' THEN at - make_interval(mins => (60 + (10 - k) * 50)::int) ELSE at END,
       'phone', 'outbound', 'care',
       CASE kind WHEN 'pasted' THEN 'interested' WHEN 'missed' THEN 'not_reached' ELSE 'booked' END,
       CASE kind
           WHEN 'pasted' THEN format('已电话联系客户，介绍三个月期产品，客户活期有%%s万，表示考虑后再联系', 3 + k)
                || CASE WHEN k %% 6 = 0 THEN '我' ELSE '' END
           WHEN 'missed' THEN '没人接'
           ELSE (ARRAY['儿子下月结婚，想留二十万做活期，其余到期后转三年', '问大额存单利率，约周四下午来网点看合同',
                       '孙女开学要用钱，月底前不动；中秋后再谈养老金', '他行理财到期三十八万，约好带身份证来开户',
                       '腿脚不便，约周三上门办社保卡激活', '经营户，旺季备货，收单流水走我行，约周五谈贷款额度',
                       '老伴住院，先不谈产品，约出院后探望', '代发工资本月换卡，约午休时间来面签',
                       '拆迁补偿款下周到账，约全家一起来谈'])[k]
       END,
       CASE kind WHEN 'evening' THEN '按约定接待' ELSE '' END, CASE kind WHEN 'evening' THEN (at AT TIME ZONE 'Asia/Shanghai')::date + 4 END, at
FROM entries
ORDER BY entries.at
