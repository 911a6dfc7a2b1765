-- What each of these targets has reached by the end of each published day up to %(as_of)s, or by the newest one alone.
-- Growth counts from the newest level before the first day; where no night had been published by then, from the first
-- level there is. A day without a night is as the day before it. `total` is the sum over `days` days of levels.
WITH asked AS (
    SELECT id, branch_id, owner_id, campaign_id, measure, scheme, rank, first_day, least(last_day, %(as_of)s::date) AS until
    FROM campaigns_seasontarget WHERE id = ANY (%(targets)s)
), level AS (
    SELECT t.id, t.measure, l.as_of, greatest(l.as_of, t.first_day - 1) AS place,
           CASE t.measure WHEN 'deposit_average' THEN l.deposit WHEN 'customers' THEN (
               SELECT coalesce(sum(number::bigint), 0) FROM jsonb_each_text(l.customers) part(tier, number)
               WHERE tier::int >= t.rank) ELSE l.aum END AS value
    FROM asked t JOIN campaigns_seasonlevel l ON l.branch_id = t.branch_id AND l.owner_id IS NOT DISTINCT FROM t.owner_id
    WHERE t.measure <> 'campaign' AND (t.measure <> 'customers' OR l.scheme = t.scheme) AND l.as_of <= t.until
      AND l.as_of >= coalesce((
          SELECT max(e.as_of) FROM campaigns_seasonlevel e
          WHERE e.branch_id = t.branch_id AND e.owner_id IS NOT DISTINCT FROM t.owner_id AND e.as_of < t.first_day
            AND (t.measure <> 'customers' OR e.scheme = t.scheme)), t.first_day)
), stood AS (
    SELECT id, measure, as_of, place, value, first_value(value) OVER w AS base, first_value(as_of) OVER w AS base_on,
           place - first_value(place) OVER w AS days,
           lag(value) OVER w * (place - lag(place) OVER w - 1) + value AS balance_days
    FROM level WINDOW w AS (PARTITION BY id ORDER BY as_of)
), summed AS (
    SELECT id, measure, as_of, value, base, base_on, days,
           coalesce(sum(balance_days) FILTER (WHERE days > 0) OVER (PARTITION BY id ORDER BY as_of), 0) AS total
    FROM stood
), reached AS (
    SELECT id, as_of, value, base, base_on, days, total,
           CASE WHEN days = 0 THEN 0 WHEN measure = 'deposit_average' OR measure = 'aum_average'
                THEN trunc(total / days, 2) - base ELSE value - base END AS reached
    FROM summed
    UNION ALL
    SELECT t.id, d.as_of, NULL, NULL, NULL, NULL, NULL, sum(d.qualified)
    FROM asked t JOIN organization_branch p ON p.id = t.branch_id
    JOIN organization_branch b ON starts_with(b.path, p.path)
    JOIN campaigns_campaignday d ON d.campaign_id = t.campaign_id AND d.branch_id = b.id AND d.arm = 'treat'
    WHERE t.owner_id IS NULL AND d.as_of BETWEEN t.first_day AND t.until GROUP BY t.id, d.as_of
    UNION ALL
    SELECT t.id, m.qualified_on, NULL, NULL, NULL, NULL, NULL,
           sum(count(*)) OVER (PARTITION BY t.id ORDER BY m.qualified_on)
    FROM asked t JOIN campaigns_campaignmember m ON m.campaign_id = t.campaign_id AND m.branch_id = t.branch_id
                                                AND m.owner_id = t.owner_id AND m.arm = 'treat'
    WHERE m.qualified_on BETWEEN t.first_day AND t.until GROUP BY t.id, m.qualified_on
)
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY as_of DESC) AS number FROM reached) newest
WHERE number = 1 OR NOT %(newest)s
ORDER BY id, as_of
