-- Some two dozen complaints of each outlet in the past half year: one is overdue, one due in these days, one new, one
-- answered, one of somebody who is no customer; the rest are closed, most of them in time.
CREATE TEMP TABLE demo_complaint ON COMMIT DROP AS
WITH leads AS (
    SELECT branch_id, min(id) AS lead_id FROM organization_user WHERE role = 'branch_manager' AND is_active GROUP BY 1
), people AS (
    SELECT o.branch_id, o.customer_id, o.owner_id, l.lead_id,
           row_number() OVER (PARTITION BY o.branch_id ORDER BY pg_temp.chance(o.customer_id, 750)) AS k
    FROM demo_owner o LEFT JOIN leads l USING (branch_id)
), dated AS (
    SELECT *, %(as_of)s::date - CASE k WHEN 1 THEN 17 WHEN 2 THEN 13 WHEN 3 THEN 4 WHEN 4 THEN 9 WHEN 5 THEN 6
                                ELSE 20 + floor(pg_temp.chance(customer_id, 751) * 150)::int END AS received_on,
           CASE k WHEN 1 THEN 'in_hand' WHEN 2 THEN 'in_hand' WHEN 3 THEN 'registered' WHEN 4 THEN 'answered'
                  WHEN 5 THEN 'in_hand' ELSE 'closed' END AS state,
           CASE WHEN pg_temp.chance(customer_id, 752) < 0.12 THEN 17 ELSE 2 + floor(pg_temp.chance(customer_id, 753) * 12)::int
                END AS took,
           CASE WHEN k %% 5 = 0 AND lead_id IS NOT NULL THEN owner_id END AS about_id,
           1 + floor(pg_temp.chance(customer_id, 754) * 8)::int AS said
    FROM people WHERE k <= 26
)
SELECT *, CASE WHEN about_id IS NULL AND k %% 3 = 0 THEN owner_id ELSE coalesce(lead_id, owner_id) END AS handler_id,
       received_on + CASE WHEN k = 4 THEN 6 ELSE took END AS informed_on, md5('complaint of ' || customer_id)::uuid AS mark
FROM dated;

INSERT INTO archives_complaint (branch_id, customer_id, complainant, channel, received_on, category, severity, kind, text,
                                reference, complained_of_id, handler_id, state, due_date, special_reason, is_extended,
                                decision, informed_on, root_cause, rectification, closed_on, registered_by_id,
                                registered_at, submission)
SELECT branch_id, CASE WHEN k <> 5 THEN customer_id END, CASE WHEN k = 5 THEN '林女士' ELSE '' END,
       (ARRAY['lobby', 'phone', 'hotline', 'lobby', 'online', 'letter'])[1 + k %% 6], received_on,
       (ARRAY['waiting', 'attitude', 'process', 'fee', 'sales', 'electronic', 'card', 'deposit'])[said],
       CASE WHEN said = 5 THEN 1 WHEN said IN (2, 4) THEN 2 ELSE 3 END, 'ordinary',
       (ARRAY['取号后等候超过一小时，只开了两个窗口。', '咨询业务时工作人员态度冷淡，没有解释清楚。',
              '办理挂失时两次被告知材料不齐。', '账户管理费扣收前没有提醒。', '认为购买理财时没有讲明亏损的可能。',
              '手机银行转账失败，款项隔日才退回。', '信用卡年费减免条件前后说法不一。', '定期到期自动转存，没有事先通知。'])[said],
       '', about_id, handler_id, state, received_on + 15, '', false,
       CASE WHEN state IN ('answered', 'closed') THEN '已向客户说明情况并致歉，客户接受。' ELSE '' END,
       CASE WHEN state IN ('answered', 'closed') THEN informed_on END,
       CASE WHEN state = 'closed' THEN '流程提示不到位，高峰时段人手不足。' ELSE '' END,
       CASE WHEN state = 'closed' THEN '调整排班，补充提示牌，晨会培训。' ELSE '' END,
       CASE WHEN state = 'closed' THEN informed_on + 2 END, owner_id, received_on + time '10:00', mark
FROM demo_complaint;

INSERT INTO archives_complaintstep (branch_id, customer_id, complaint_id, act, note, due_date, actor_id, at)
SELECT c.branch_id, c.customer_id, c.id, s.act, s.note, c.due_date,
       CASE WHEN s.act = 'register' THEN c.registered_by_id ELSE c.handler_id END, s.day + s.clock
FROM archives_complaint c
CROSS JOIN LATERAL (VALUES
    ('register', '', c.received_on, time '02:00', true), ('take', '', c.received_on, time '03:00', c.state <> 'registered'),
    ('answer', c.decision, c.informed_on, time '07:00', c.informed_on IS NOT NULL),
    ('close', c.root_cause, c.closed_on, time '08:00', c.closed_on IS NOT NULL)
) s(act, note, day, clock, is_there)
WHERE s.is_there
ORDER BY c.id, s.day, s.clock
