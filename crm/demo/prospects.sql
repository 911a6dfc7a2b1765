-- Visitors of the past half year: those who opened an account since are customers of today, the others are at every stage.
-- An outlet without a lobby manager has its own managers take them in.
CREATE TEMP TABLE demo_visitor ON COMMIT DROP AS
WITH teams AS (
    SELECT u.branch_id, b.code::int AS code,
           array_agg(u.id ORDER BY staff_no) FILTER (WHERE role = 'relationship_manager') AS managers,
           array_agg(u.id ORDER BY staff_no) FILTER (WHERE role = 'lobby_manager') AS lobby
    FROM organization_user u JOIN organization_branch b ON b.id = u.branch_id WHERE u.is_active GROUP BY 1, 2
), opened AS (
    SELECT c.id AS customer_id, c.branch_id, c.name, c.name_mask, c.sex, c.open_date,
           row_number() OVER (PARTITION BY c.branch_id ORDER BY c.open_date DESC, c.id) AS k
    FROM customers_customer c
    WHERE c.customer_type = 'person' AND c.open_date BETWEEN %(as_of)s::date - 150 AND %(as_of)s::date - 1
), people AS (
    SELECT t.*, k.k, k.k * 1000 + t.code AS seed, o.customer_id, o.open_date, o.name_mask AS known_mask, o.sex AS known_sex,
           o.name AS known_name
    FROM teams t CROSS JOIN LATERAL generate_series(1, CASE WHEN t.lobby IS NULL THEN 12 ELSE 72 END) k(k)
    LEFT JOIN opened o ON o.branch_id = t.branch_id AND o.k = k.k AND k.k %% 4 = 0
    WHERE t.managers IS NOT NULL
), dated AS (
    SELECT *, coalesce(open_date - 1 - floor(pg_temp.chance(seed, 800) * 12)::int,
                       %(last)s::date - floor(pg_temp.chance(seed, 801) * pg_temp.chance(seed, 802) * 150)::int)
              + time '01:10' + interval '1 minute' * floor(pg_temp.chance(seed, 803) * 440) AS at,
           managers[CASE WHEN k %% 6 = 1 THEN 1 ELSE 1 + floor(pg_temp.chance(seed, 804) * array_length(managers, 1))::int END]
               AS owner_id,
           lobby[1 + floor(pg_temp.chance(seed, 805) * array_length(lobby, 1))::int] AS lobby_id
    FROM people
)
SELECT *, CASE WHEN customer_id IS NOT NULL THEN 'opened' WHEN at > %(last)s::date - 2 THEN 'new'
               WHEN k %% 18 = 1 THEN 'new' ELSE (ARRAY['contacted', 'contacted', 'interested', 'interested', 'dropped', 'new'])
                    [1 + floor(pg_temp.chance(seed, 806) * 6)::int] END AS stage,
       (ARRAY['林', '陈', '黄', '张', '李', '王', '吴', '刘', '蔡', '杨', '许', '郑'])
           [1 + floor(pg_temp.chance(seed, 807) * 12)::int] AS surname,
       CASE WHEN pg_temp.chance(seed, 808) < 0.55 THEN 'F' ELSE 'M' END AS sex,
       (ARRAY[ARRAY['deposit', 'wealth'], ARRAY['account', 'card'], ARRAY['loan', 'other'], ARRAY['wealth', 'insurance'],
              ARRAY['deposit', 'account']])[1 + floor(pg_temp.chance(seed, 809) * 5)::int : 1 + floor(pg_temp.chance(seed, 809) * 5)::int]
           AS needs,
       (ARRAY[5, 5, 5, 2, 2, 1, 3, 4])[1 + floor(pg_temp.chance(seed, 810) * 8)::int] AS layer,
       (ARRAY['他行存单下月到期，想比利率', '', '孩子出国，问外汇', '', '开店要收款码', '', '问大额存单', ''])
           [1 + floor(pg_temp.chance(seed, 811) * 8)::int] AS note
FROM dated;

INSERT INTO campaigns_prospect (branch_id, name, name_mask, sex, mobile_mask, needs, note, source_layer, consent_at, owner_id,
                                registered_by_id, registered_at, stage, stage_at, opened_as_id, converted_on, submission)
SELECT branch_id, CASE WHEN customer_id IS NULL THEN surname ELSE left(known_name, 20) END,
       CASE WHEN customer_id IS NULL THEN surname || '*' ELSE left(known_mask, 20) END,
       CASE WHEN customer_id IS NULL THEN sex ELSE known_sex END,
       '199****' || lpad((floor(pg_temp.chance(seed, 812) * 10000))::int::text, 4, '0'),
       ARRAY(SELECT unnest(needs)), note, layer, at AT TIME ZONE 'UTC', owner_id, coalesce(lobby_id, owner_id),
       at AT TIME ZONE 'UTC', stage,
       CASE WHEN stage = 'opened' THEN (open_date + time '22:00') WHEN stage = 'new' THEN at
            ELSE least(at + interval '1 day' * (1 + floor(pg_temp.chance(seed, 813) * 9)), %(last)s::date + time '08:00')
            END AT TIME ZONE 'UTC',
       customer_id, CASE WHEN stage = 'opened' THEN open_date END, md5('visitor ' || seed)::uuid
FROM demo_visitor
ORDER BY at;

INSERT INTO campaigns_prospectstep (branch_id, prospect_id, stage, note, owner_id, actor_id, at)
SELECT p.branch_id, p.id, s.stage, s.note, p.owner_id, s.actor_id, s.at
FROM campaigns_prospect p
CROSS JOIN LATERAL (VALUES
    ('new', '', p.registered_by_id, p.registered_at, true),
    ('contacted', '电话约到网点面谈', p.owner_id, p.registered_at + interval '20 hours',
     p.stage <> 'new' AND p.stage_at > p.registered_at + interval '21 hours'),
    (p.stage, CASE p.stage WHEN 'dropped' THEN '已在他行办理' WHEN 'interested' THEN '看了大额存单，想下周再来' ELSE '' END,
     CASE WHEN p.stage <> 'opened' THEN p.owner_id END, p.stage_at, p.stage <> 'new')
) s(stage, note, actor_id, at, is_there)
WHERE s.is_there AND (s.stage <> 'contacted' OR s.note = '' OR p.stage <> 'contacted')
ORDER BY s.at;

-- Most of those who opened an account came through one of the wealthiest customers of the outlet.
WITH hosts AS (
    SELECT branch_id, array_agg(customer_id ORDER BY place) AS ids
    FROM (SELECT o.branch_id, o.customer_id,
                 row_number() OVER (PARTITION BY o.branch_id ORDER BY d.wealth DESC, o.customer_id) AS place
          FROM demo_owner o JOIN demo_profile d ON d.id = o.customer_id) ranked
    WHERE place <= 3 GROUP BY branch_id
), came AS (
    UPDATE campaigns_prospect p SET introduced_by_id = h.ids[1 + p.id %% 3], source_layer = 2
    FROM hosts h
    WHERE h.branch_id = p.branch_id AND p.stage = 'opened' AND p.id %% 4 <> 0 AND NOT p.opened_as_id = ANY (h.ids)
    RETURNING p.branch_id, p.introduced_by_id, p.opened_as_id
)
INSERT INTO customers_relation (branch_id, customer_id, relation_type, related_customer_id, name, note)
SELECT c.branch_id, e.customer_id, e.relation_type, e.related_id, '', ''
FROM came c
CROSS JOIN LATERAL (VALUES (c.introduced_by_id, 'introduced', c.opened_as_id),
                           (c.opened_as_id, 'introducer', c.introduced_by_id)) e(customer_id, relation_type, related_id)
ORDER BY 2, 4;

-- Calls from the lobby: of the past ninety days to customers who have a manager, most of them answered within five minutes;
-- to the last one of yesterday nobody came.
WITH lobby AS (
    SELECT branch_id, array_agg(id ORDER BY staff_no) AS staff FROM organization_user
    WHERE role = 'lobby_manager' AND is_active GROUP BY branch_id
), people AS (
    SELECT o.branch_id, o.customer_id, o.owner_id, l.staff,
           row_number() OVER (PARTITION BY o.branch_id ORDER BY pg_temp.chance(o.customer_id, 820)) AS k
    FROM demo_owner o JOIN lobby l USING (branch_id)
), made AS (
    SELECT *, CASE WHEN k = 1 THEN %(last)s::date + time '08:20'
                   ELSE %(last)s::date - floor(pg_temp.chance(customer_id, 821) * 88)::int
                        + time '01:05' + interval '1 minute' * floor(pg_temp.chance(customer_id, 822) * 440) END AS at,
           staff[1 + floor(pg_temp.chance(customer_id, 823) * array_length(staff, 1))::int] AS lobby_id,
           interval '1 second' * (20 + floor(pg_temp.chance(customer_id, 824) * pg_temp.chance(customer_id, 825) * 560)) AS waited
    FROM people WHERE k <= 160
)
INSERT INTO campaigns_referral (branch_id, kind, customer_id, need, note, made_by_id, made_at, queue, turns, asked_until,
                                accepted_by_id, accepted_at, result, result_note, result_at, submission)
SELECT branch_id, 'lobby', customer_id,
       (ARRAY['deposit', 'wealth', 'wealth', 'insurance', 'loan', 'card'])[1 + floor(pg_temp.chance(customer_id, 826) * 6)::int],
       CASE WHEN pg_temp.chance(customer_id, 827) < 0.4 THEN '定期到期，想看看转存还是理财' ELSE '' END, lobby_id,
       at AT TIME ZONE 'UTC', ARRAY[owner_id], ARRAY[at AT TIME ZONE 'UTC'], (at + interval '5 minutes') AT TIME ZONE 'UTC',
       CASE WHEN k > 1 THEN owner_id END, CASE WHEN k > 1 THEN (at + waited) AT TIME ZONE 'UTC' END,
       CASE WHEN is_told THEN (ARRAY['done', 'done', 'follow', 'declined'])[1 + floor(pg_temp.chance(customer_id, 829) * 4)::int]
            ELSE '' END, '',
       CASE WHEN is_told THEN least(at + interval '1 day' * floor(pg_temp.chance(customer_id, 830) * 34),
                                    %(last)s::date + time '09:00') AT TIME ZONE 'UTC' END,
       md5('call for ' || customer_id)::uuid
FROM made CROSS JOIN LATERAL (SELECT k > 1 AND pg_temp.chance(customer_id, 828) < 0.75 AS is_told) told
ORDER BY at;
