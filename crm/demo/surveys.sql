-- Answers of the past year, at most 300 of an outlet; each low one has its plan, and those of the past days are still open.
CREATE TEMP TABLE demo_survey ON COMMIT DROP AS
WITH asked AS (
    SELECT o.branch_id, o.customer_id, o.owner_id, c.do_not_contact,
           row_number() OVER (PARTITION BY o.branch_id ORDER BY pg_temp.chance(o.customer_id, 760)) AS k,
           greatest(o.since, %(as_of)s::date - floor(pg_temp.chance(o.customer_id, 761) * 330)::int) AS answered_on,
           pg_temp.chance(o.customer_id, 762) AS mood
    FROM demo_owner o JOIN customers_customer c ON c.id = o.customer_id
), rated AS (
    SELECT *, CASE WHEN mood < 0.04 THEN 2 WHEN mood < 0.2 THEN 3 WHEN mood < 0.6 THEN 4 ELSE 5 END AS score,
           CASE WHEN pg_temp.chance(customer_id, 763) < 0.7
                THEN least(10, CASE WHEN mood < 0.1 THEN 5 WHEN mood < 0.45 THEN 8 ELSE 9 END
                               + floor(pg_temp.chance(customer_id, 764) * 2)::int) END AS nps
    FROM asked WHERE k <= 300
)
SELECT *, score <= 2 OR nps <= 6 AS is_low, %(as_of)s::date - answered_on < 30 AS is_recent,
       md5('survey of ' || customer_id)::uuid AS mark
FROM rated;

INSERT INTO archives_maintenanceplan (branch_id, customer_id, owner_id, due_date, purpose, channel, note, state, closed_on,
                                      closed_by_id, created_by_id, created_at, submission)
SELECT branch_id, customer_id, owner_id, organization_next_workday(answered_on), 'survey',
       CASE WHEN do_not_contact THEN 'face' ELSE 'phone' END,
       '满意度低分：' || score || '/5' || coalesce('，NPS ' || nps, ''),
       CASE WHEN is_recent THEN 'planned' ELSE 'done' END, CASE WHEN NOT is_recent THEN answered_on + 3 END,
       CASE WHEN NOT is_recent THEN owner_id END, owner_id, answered_on + time '02:00', mark
FROM demo_survey WHERE is_low;

INSERT INTO archives_survey (branch_id, customer_id, manager_id, touch, score, nps, comment, follow_up_id, answered_on,
                             recorded_by_id, recorded_at, submission)
SELECT s.branch_id, s.customer_id, s.owner_id, CASE WHEN k %% 3 = 0 THEN 'contact' ELSE 'visit' END, s.score, s.nps,
       CASE WHEN s.is_low THEN (ARRAY['等的时间太长', '问题没有解决', '说明不够清楚'])[1 + k %% 3]
            WHEN s.score = 5 AND k %% 4 = 0 THEN '客户经理很负责' ELSE '' END,
       p.id, s.answered_on, s.owner_id, s.answered_on + time '02:00', s.mark
FROM demo_survey s LEFT JOIN archives_maintenanceplan p ON p.customer_id = s.customer_id AND p.submission = s.mark
