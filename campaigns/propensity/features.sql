-- What was known of a customer in the evening before a day, in the order of campaigns.propensity.features.FEATURES, for each
-- row asked for (key, customer_id, day, channel). Balances and tiers are read back from today through their changes;
-- nothing of the day itself or later enters. `aum` and `alert` are for the plain rankings, no features.
WITH asked AS MATERIALIZED (
    SELECT a.key, a.customer_id, a.day, a.channel, c.branch_id, c.birth_date, c.open_date,
           (date_trunc('month', a.day - 1) - interval '1 month')::date AS last_month,
           date_trunc('month', a.day - 1)::date AS this_month
    FROM ({asked}) a JOIN campaigns_scorable c ON c.id = a.customer_id
    WHERE c.birth_date IS NULL OR c.birth_date <= (a.day - interval '18 years')::date
), changes AS MATERIALIZED (
    SELECT a.key, a.day, a.last_month, a.this_month, c.holding_id, c.as_of, c.old_balance,
           c.new_counted - c.old_counted AS delta
    FROM asked a JOIN customers_balancechange c ON c.customer_id = a.customer_id AND c.as_of >= a.last_month
    WHERE c.as_of >= %(history)s
), money AS (
    SELECT key, coalesce(sum(delta) FILTER (WHERE as_of >= day), 0) AS since_then,
           coalesce(sum(delta) FILTER (WHERE as_of >= this_month), 0) AS since_month,
           coalesce(sum(delta * (as_of - last_month)) FILTER (WHERE as_of < this_month), 0)
           / max(this_month - last_month) AS within_month
    FROM changes GROUP BY key
), first_after AS (
    SELECT DISTINCT ON (key, holding_id) key, holding_id, old_balance FROM changes WHERE as_of >= day
    ORDER BY key, holding_id, as_of
), held AS (
    SELECT a.key, count(DISTINCT q.product_class) AS classes,
           bool_or(q.product_class = 'time' OR q.product_class = 'large_cd' OR q.product_class = 'notice') AS time,
           bool_or(q.product_class = 'wealth' OR q.product_class = 'fund' OR q.product_class = 'trust') AS wealth,
           bool_or(q.product_class = 'insurance') AS insurance, bool_or(q.product_class = 'loan') AS loan
    FROM asked a JOIN customers_holding h ON h.customer_id = a.customer_id
    JOIN customers_product q ON q.id = h.product_id
    LEFT JOIN first_after f ON f.key = a.key AND f.holding_id = h.id
    WHERE (h.start_date IS NULL OR h.start_date < a.day)
      AND coalesce(f.old_balance, CASE WHEN h.status = 'open' THEN h.balance ELSE 0 END) > 0
    GROUP BY a.key
), tiers AS (
    SELECT DISTINCT ON (a.key) a.key, t.old_rank
    FROM asked a JOIN segments_tierchange t ON t.customer_id = a.customer_id AND t.as_of >= a.day
    JOIN segments_tierscheme s ON s.id = t.scheme_id
    WHERE s.code = (SELECT p.code FROM segments_tierscheme p WHERE p.is_primary) AND t.as_of >= %(history)s
    ORDER BY a.key, t.as_of
), contacts AS (
    SELECT a.key, count(*) FILTER (WHERE l.direction = 'outbound' AND l.day >= a.day - 90) AS recent,
           count(*) FILTER (WHERE l.outcome = ANY(%(yes)s)) AS yes, count(*) FILTER (WHERE l.outcome = ANY(%(no)s)) AS no
    FROM asked a JOIN LATERAL (
        SELECT l.direction, l.outcome, (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM archives_contactlog l
        WHERE l.customer_id = a.customer_id AND l.replaced_at IS NULL
          AND l.contacted_at >= (a.day - 365)::timestamp AT TIME ZONE 'Asia/Shanghai'
          AND l.contacted_at < a.day::timestamp AT TIME ZONE 'Asia/Shanghai') l ON true
    GROUP BY a.key
), alerts AS (
    SELECT a.key, min(l.severity) AS gravest, bool_or(l.kind = 'maturity' AND l.due_date >= a.day) AS maturity,
           bool_or(l.kind = 'upgrade_critical') AS upgrade
    FROM asked a JOIN customers_alert l ON l.customer_id = a.customer_id
    WHERE l.raised_on < a.day AND (l.closed_on IS NULL OR l.closed_on >= a.day)
    GROUP BY a.key
), sums AS (
    SELECT a.*, greatest(m.aum - coalesce(y.since_then, 0), 0)::float8 AS aum,
           greatest(m.aum - coalesce(y.since_month, 0) - coalesce(y.within_month, 0), 0)::float8 AS average,
           coalesce(t.old_rank, CASE WHEN t.key IS NULL THEN m.tier END, 0) AS tier,
           -- As of the first of the month, so that they stand still until the next one; unknown is none of the bands.
           coalesce(date_part('year', age(a.this_month, a.birth_date)), 40) AS age,
           greatest(coalesce(a.this_month - a.open_date, 0), 0) AS days_open
    FROM asked a JOIN customers_metrics m ON m.customer_id = a.customer_id
    LEFT JOIN money y ON y.key = a.key LEFT JOIN tiers t ON t.key = a.key
)
SELECT s.key, s.customer_id, s.branch_id, s.day, s.aum, coalesce(4 - l.gravest, 0)::float8 AS alert, ARRAY[
    s.tier,
    ln(1 + s.average),
    ln(1 + s.aum) - ln(1 + s.average),
    coalesce(h.classes, 0),
    coalesce(h.time, false)::int,
    coalesce(h.wealth, false)::int,
    coalesce(h.insurance, false)::int,
    coalesce(h.loan, false)::int,
    coalesce(l.maturity, false)::int,
    coalesce(l.upgrade, false)::int,
    (s.age < 30)::int,
    (s.age >= 45 AND s.age < 60)::int,
    (s.age >= 60)::int,
    ln(1 + s.days_open / 30.0),
    ln(1 + coalesce(c.yes, 0)),
    ln(1 + coalesce(c.no, 0)),
    least(coalesce(c.recent, 0), 6),
    (s.channel = 'face' OR s.channel = 'home_visit' OR s.channel = 'lobby' OR s.channel = 'event')::int,
    (s.channel = 'wecom')::int
]::float8[] AS x
FROM sums s LEFT JOIN held h ON h.key = s.key LEFT JOIN contacts c ON c.key = s.key LEFT JOIN alerts l ON l.key = s.key
