-- The figures of a board by manager (by_owner) or by place: the counters of the last night, less what people have done
-- since its business date, and what is counted live because it follows work and not customers. `branches` stand in
-- `places`, position by position. A row without an owner is of customers without a manager.
WITH place AS (
    SELECT * FROM unnest(%(branches)s::bigint[], %(places)s::bigint[]) AS one (branch_id, place_id)
), changed AS MATERIALIZED (
    SELECT customer_id FROM customers_ownership
    WHERE branch_id = ANY (%(branches)s) AND role = 'main' AND since >= %(as_of)s
    UNION
    SELECT customer_id FROM customers_ownership
    WHERE branch_id = ANY (%(branches)s) AND role = 'main' AND until >= %(as_of)s
), touched AS MATERIALIZED (
    SELECT customer_id FROM changed
    UNION
    SELECT customer_id FROM customers_alert
    WHERE branch_id = ANY (%(branches)s) AND closed_by_id IS NOT NULL AND closed_on >= %(as_of)s
    UNION
    SELECT customer_id FROM customers_alert
    WHERE branch_id = ANY (%(branches)s) AND state = 'snoozed' AND snoozed_until > %(today)s
), owners AS MATERIALIZED (
    SELECT t.customer_id, counted.owner_id AS counted, now.owner_id AS now
    FROM touched t
    LEFT JOIN customers_ownership counted ON counted.customer_id = t.customer_id AND counted.role = 'main'
        AND counted.since < %(as_of)s AND (counted.until IS NULL OR counted.until >= %(as_of)s)
    LEFT JOIN customers_ownership now ON now.customer_id = t.customer_id AND now.role = 'main' AND now.until IS NULL
), alerts AS (
    SELECT branch_id, owner_id, customers, alerts, red FROM segments_owneralerts WHERE branch_id = ANY (%(branches)s)
    UNION ALL
    SELECT a.branch_id, o.counted, -count(DISTINCT a.customer_id), -count(*), -count(*) FILTER (WHERE a.severity = 1)
    FROM owners o JOIN customers_alert a USING (customer_id)
    WHERE a.state IN ('new', 'read', 'following', 'snoozed')
       OR (a.closed_by_id IS NOT NULL AND a.closed_on >= %(as_of)s)
    GROUP BY 1, 2
    UNION ALL
    SELECT a.branch_id, o.now, count(DISTINCT a.customer_id), count(*), count(*) FILTER (WHERE a.severity = 1)
    FROM owners o JOIN customers_alert a USING (customer_id)
    WHERE a.state IN ('new', 'read', 'following') OR (a.state = 'snoozed' AND a.snoozed_until <= %(today)s)
    GROUP BY 1, 2
), due AS (
    SELECT branch_id, owner_id, due_date, holdings, amount FROM segments_ownerdue
    WHERE branch_id = ANY (%(branches)s) AND due_date BETWEEN %(today)s AND %(last_due)s
    UNION ALL
    SELECT h.branch_id, side.owner_id, h.maturity_date, side.sign, side.sign * h.balance
    FROM changed JOIN owners o USING (customer_id)
    JOIN customers_holding h USING (customer_id)
    CROSS JOIN LATERAL (VALUES (o.counted, -1), (o.now, 1)) AS side (owner_id, sign)
    WHERE o.counted IS DISTINCT FROM o.now AND h.status = 'open' AND h.balance > 0
      AND h.maturity_date BETWEEN %(today)s AND %(last_due)s
), rows AS (
    SELECT branch_id, owner_id, sum(customers) AS customers, sum(aum) AS aum, sum(month_average) AS month_average,
           sum(last_month_average) AS last_month_average,
           coalesce(sum(customers) FILTER (WHERE rank >= %(upper_tier)s), 0) AS upper,
           coalesce(sum(covered) FILTER (WHERE rank >= %(upper_tier)s), 0) AS covered,
           0 AS waiting, 0 AS alerts, 0 AS red, 0 AS untouched, 0 AS urgent,
           0 AS due_today, 0 AS due_today_amount, 0 AS due_week, 0 AS due_week_amount,
           0 AS contacts_before, 0 AS reached_before, 0 AS contacts_today, 0 AS reached_today,
           0 AS contacts_month, 0 AS reached_month, 0 AS appointments, 0 AS overdue
    FROM segments_ownertier WHERE branch_id = ANY (%(branches)s) GROUP BY 1, 2
    UNION ALL
    SELECT branch_id, owner_id, 0, 0, 0, 0, 0, 0, sum(customers), sum(alerts), sum(red), 0, 0,
           0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM alerts GROUP BY 1, 2
    UNION ALL
    SELECT a.branch_id, o.owner_id, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           count(*) FILTER (WHERE a.raised_on <= %(late_day)s), count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM customers_alert a
    LEFT JOIN customers_ownership o ON o.customer_id = a.customer_id AND o.role = 'main' AND o.until IS NULL
    WHERE a.branch_id = ANY (%(branches)s) AND a.severity = 1 AND a.state = 'new'
      AND (a.raised_on <= %(late_day)s OR a.kind = 'large_out')
    GROUP BY 1, 2
    UNION ALL
    SELECT branch_id, owner_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           coalesce(sum(holdings) FILTER (WHERE due_date = %(today)s), 0),
           coalesce(sum(amount) FILTER (WHERE due_date = %(today)s), 0),
           sum(holdings), sum(amount), 0, 0, 0, 0, 0, 0, 0, 0
    FROM due GROUP BY 1, 2
    UNION ALL
    SELECT branch_id, staff_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           count(*) FILTER (WHERE is_before), count(*) FILTER (WHERE is_before AND is_reached),
           count(*) FILTER (WHERE is_today), count(*) FILTER (WHERE is_today AND is_reached),
           count(*) FILTER (WHERE is_month), count(*) FILTER (WHERE is_month AND is_reached), 0, 0
    FROM (SELECT branch_id, staff_id, contacted_at >= %(today_at)s AS is_today,
                 contacted_at >= %(before_at)s AND contacted_at < %(today_at)s AS is_before,
                 contacted_at >= %(month_at)s AS is_month,
                 outcome = ANY (%(reached)s) AND channel <> %(sms)s AS is_reached
          FROM archives_contactlog
          WHERE branch_id = ANY (%(branches)s) AND contacted_at >= %(contacts_from)s AND replaced_at IS NULL) c
    GROUP BY 1, 2
    UNION ALL
    SELECT branch_id, owner_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           count(*) FILTER (WHERE due_date = %(today)s), count(*) FILTER (WHERE due_date < %(today)s)
    FROM archives_maintenanceplan
    WHERE branch_id = ANY (%(branches)s) AND state = 'planned' AND due_date <= %(today)s GROUP BY 1, 2
), keyed AS (
    SELECT CASE WHEN %(by_owner)s THEN rows.owner_id ELSE place.place_id END AS key, rows.*
    FROM rows JOIN place USING (branch_id)
)
SELECT keyed.key, u.name, u.staff_no, u.role, u.is_active,
       sum(customers)::int AS customers, sum(aum) AS aum, sum(month_average) AS month_average,
       sum(last_month_average) AS last_month_average, sum(upper)::int AS upper, sum(covered)::int AS covered,
       sum(waiting)::int AS waiting, sum(alerts)::int AS alerts, sum(red)::int AS red,
       sum(untouched)::int AS untouched, sum(urgent)::int AS urgent,
       sum(due_today)::int AS due_today, sum(due_today_amount) AS due_today_amount,
       sum(due_week)::int AS due_week, sum(due_week_amount) AS due_week_amount,
       sum(contacts_before)::int AS contacts_before, sum(reached_before)::int AS reached_before,
       sum(contacts_today)::int AS contacts_today, sum(reached_today)::int AS reached_today,
       sum(contacts_month)::int AS contacts_month, sum(reached_month)::int AS reached_month,
       sum(appointments)::int AS appointments, sum(overdue)::int AS overdue
FROM keyed LEFT JOIN organization_user u ON %(by_owner)s AND u.id = keyed.key
GROUP BY 1, 2, 3, 4, 5
