-- Some 400 gifts of the past two months at most: within the limits given at once, one in fifteen of a branch beyond
-- that of one gift; the latest of these still wait. Each by the customer's manager, on a working day, to customers of the upper tiers.
CREATE TEMP TABLE demo_gift ON COMMIT DROP AS
WITH wanted AS (
    SELECT o.customer_id, o.branch_id, o.owner_id, k.what, l.amount, d.day, (d.day + time '10:40') AT TIME ZONE 'Asia/Shanghai' AS at,
           row_number() OVER (PARTITION BY o.branch_id ORDER BY d.day DESC, o.customer_id) %% 15 = 1 AS is_over
    FROM demo_owner o JOIN customers_metrics m ON m.customer_id = o.customer_id AND m.tier >= 2
    JOIN archives_giftlimit l ON l.kind = 'gift' AND l.tier = m.tier AND l.effective_from <= %(as_of)s
    CROSS JOIN LATERAL (SELECT 1 + floor(pg_temp.chance(o.customer_id, 782) * 6)::int AS what,
                               %(as_of)s::date - floor(pg_temp.chance(o.customer_id, 783) * 60)::int AS asked) k
    CROSS JOIN LATERAL (
        SELECT k.asked - CASE extract(isodow FROM k.asked)::int WHEN 6 THEN 1 WHEN 7 THEN 2 ELSE 0 END AS day) d
    WHERE pg_temp.chance(o.customer_id, 780) < 0.12
), valued AS (
    SELECT *, CASE WHEN is_over THEN amount * 1.6 ELSE round(amount * (0.4 + 0.1 * what), 2) END AS value FROM wanted
), summed AS (
    SELECT *, sum(value) OVER (PARTITION BY owner_id, date_trunc('month', day) ORDER BY day, customer_id) AS of_month FROM valued
)
-- Far enough below what one of the staff may give in a month.
SELECT * FROM summed WHERE of_month <= 2500 ORDER BY pg_temp.chance(customer_id, 784) LIMIT 400;

INSERT INTO archives_gift (branch_id, customer_id, staff_id, what, value, occasion, note, over, asked_at, submission)
SELECT branch_id, customer_id, owner_id, (ARRAY['茶叶', '生日蛋糕券', '春联', '保温杯', '米面粮油', '体检套餐'])[what], value,
       (ARRAY['thanks', 'birthday', 'festival', 'event', 'festival', 'thanks'])[what], '',
       CASE WHEN is_over THEN '{gift}'::text[] ELSE '{}' END, at, md5('gift to ' || customer_id)::uuid
FROM demo_gift ORDER BY at, customer_id;

-- In the order of the steps: each looks at the one before it.
INSERT INTO archives_giftstep (branch_id, customer_id, gift_id, number, kind, actor_id, at, day, note)
SELECT g.branch_id, g.customer_id, g.id, 1, CASE WHEN d.is_over THEN 'approved' ELSE 'given' END,
       CASE WHEN d.is_over THEN l.lead_id ELSE d.owner_id END, d.at, CASE WHEN NOT d.is_over THEN d.day END, ''
FROM demo_gift d JOIN archives_gift g USING (customer_id)
LEFT JOIN (SELECT branch_id, min(id) AS lead_id FROM organization_user WHERE role = 'branch_manager' AND is_active GROUP BY 1) l
       ON l.branch_id = d.branch_id
WHERE NOT d.is_over OR (l.lead_id <> d.owner_id AND d.day < %(as_of)s::date - 7)
ORDER BY d.at, g.id;
INSERT INTO archives_giftstep (branch_id, customer_id, gift_id, number, kind, actor_id, at, day, note)
SELECT g.branch_id, g.customer_id, g.id, 2, 'given', d.owner_id, d.at + interval '5 hours', d.day, ''
FROM demo_gift d JOIN archives_gift g USING (customer_id) JOIN archives_giftstep s ON s.gift_id = g.id AND s.kind = 'approved'
ORDER BY d.at, g.id;

-- Signed when something was sold: one in ten agreed to marketing, a few of them want no text messages.
INSERT INTO archives_consent (branch_id, customer_id, purpose, channel, is_given, evidence, reference, at, recorded_by_id,
                              recorded_at, submission)
SELECT o.branch_id, o.customer_id, 'marketing', s.channel, s.channel = '',
       CASE s.channel WHEN '' THEN 'signed' ELSE 'recorded' END, '', d.at, o.owner_id, d.at + interval '5 minutes', md5('consent of ' || o.customer_id || s.channel)::uuid
FROM demo_owner o
CROSS JOIN (VALUES (''), ('sms')) s(channel)
CROSS JOIN LATERAL (
    SELECT ((%(as_of)s::date - 10 - floor(pg_temp.chance(o.customer_id, 786) * 300)::int) + time '14:20')
           AT TIME ZONE 'Asia/Shanghai' AS at) d
WHERE pg_temp.chance(o.customer_id, 785) < CASE s.channel WHEN '' THEN 0.1 ELSE 0.02 END;
