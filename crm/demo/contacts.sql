-- What managers did in the past year, up to the day of the first night: some contacts a quarter with owned customers, more
-- with the wealthier. What is older than nine months was done in the system before this one, and imported. Of the newer
-- interested ones some say nothing about what comes next: the quality of contacts tells.
INSERT INTO archives_contactlog (branch_id, customer_id, staff_id, contacted_at, channel, direction, purpose, outcome,
                                 summary, next_action, next_date, recorded_at, imported_from, source_no)
SELECT o.branch_id, o.customer_id, o.owner_id, said.at, said.channel, 'outbound', said.purpose, said.outcome,
       CASE said.outcome WHEN 'interested' THEN '对三个月期产品感兴趣，约定再联系' WHEN 'not_interested' THEN '近期无资金安排'
            WHEN 'booked' THEN '约定到网点面谈' WHEN 'sold' THEN '到期资金已续存' ELSE '' END,
       CASE WHEN goes_on.is_noted THEN '电话跟进' ELSE '' END, CASE WHEN goes_on.is_noted THEN said.at::date + 7 END,
       CASE WHEN before.is_imported THEN (%(as_of)s::date - 270 + time '02:00') AT TIME ZONE 'UTC' ELSE said.at END,
       CASE WHEN before.is_imported THEN '原客户管理系统' ELSE '' END,
       CASE WHEN before.is_imported THEN (o.customer_id * 16 + k)::text ELSE '' END
FROM demo_owner o JOIN demo_profile p ON p.id = o.customer_id
CROSS JOIN LATERAL generate_series(1, CASE WHEN p.wealth >= 500000 THEN 6 WHEN p.wealth >= 50000 THEN 2 ELSE 1 END) k
CROSS JOIN LATERAL (
    SELECT (greatest(o.since, %(start)s::date)
            + floor(pg_temp.chance(o.customer_id * 16 + k, 710) * (%(as_of)s::date - greatest(o.since, %(start)s::date) + 2))::int
            + time '01:00' + interval '1 minute' * floor(pg_temp.chance(o.customer_id * 16 + k, 711) * 480))
               AT TIME ZONE 'UTC' AS at,
           (ARRAY['phone', 'phone', 'phone', 'wecom', 'face', 'lobby'])
               [1 + floor(pg_temp.chance(o.customer_id * 16 + k, 712) * 6)::int] AS channel,
           (ARRAY['maturity', 'critical', 'alert', 'care', 'care', 'archive'])
               [1 + floor(pg_temp.chance(o.customer_id * 16 + k, 713) * 6)::int] AS purpose,
           pg_temp.chance(o.customer_id * 16 + k, 714) AS drawn) made
CROSS JOIN LATERAL (
    -- Who has more, is met in person or is of a willing kind says yes more often: there is something to learn from.
    SELECT made.*, CASE
        WHEN drawn < 0.33 THEN 'not_reached'
        WHEN pg_temp.chance(o.customer_id * 16 + k, 716) > 1 / (1 + exp(
             -0.2 - 0.2 * (ln(1 + p.wealth::float8) - 12) - 0.9 * (channel = 'face')::int - 0.9 * p.is_saver::int
             + 0.9 * (p.open_date < %(as_of)s::date - 1500)::int
             - 3.0 * (pg_temp.chance(o.customer_id, 717) - 0.5))) THEN 'not_interested'
        ELSE (ARRAY['interested', 'booked', 'sold'])[1 + floor((drawn - 0.33) / 0.67 * 3)::int] END AS outcome) said
CROSS JOIN LATERAL (
    SELECT said.outcome = 'booked' OR (said.outcome = 'interested' AND NOT (
        said.at > %(as_of)s::date - 75 AND pg_temp.chance(o.customer_id * 16 + k, 760) < 0.15)) AS is_noted) goes_on
CROSS JOIN LATERAL (SELECT said.at < %(as_of)s::date - 270 AS is_imported) before
WHERE pg_temp.chance(o.customer_id * 16 + k, 715) < 0.7
ORDER BY said.at
