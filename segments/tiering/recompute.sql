-- The tier to come, in every scheme in force, of each customer in this chunk that tonight could move.
WITH schemes AS (
    SELECT s.*, t.states_of, t.starts, t.period_start, t.is_due, 1 - s.keep_percent / 100 AS kept_share,
           %(as_of)s BETWEEN s.effective_from AND coalesce(s.effective_to, 'infinity') AS is_in_force,
           (SELECT min(lower) > 0 FROM segments_tier WHERE scheme_id = s.id) AS leaves_unrated
    FROM unnest(%(schemes)s::bigint[], %(states_of)s::bigint[], %(starts)s::boolean[], %(periods)s::date[],
                %(due)s::boolean[]) t(id, states_of, starts, period_start, is_due)
    JOIN segments_tierscheme s USING (id)
), of_branch AS MATERIALIZED (  -- where a branch, or the nearest one above it, has days of its own
    SELECT DISTINCT ON (s.id, b.id) s.id AS scheme_id, b.id AS branch_id,
           %(as_of)s BETWEEN coalesce(o.effective_from, s.effective_from)
                         AND coalesce(o.effective_to, s.effective_to, 'infinity') AS is_in_force
    FROM schemes s JOIN segments_schemebranch o ON o.scheme_id = s.id
    JOIN organization_branch above ON above.id = o.branch_id
    JOIN organization_branch b ON starts_with(b.path, above.path)
    ORDER BY s.id, b.id, length(above.path) DESC
), looked_at AS (
    SELECT n.customer_id, n.branch_id, n.aum, n.since_date, n.month_days, n.quarter_days, n.last_month_days,
           n.is_closed, n.is_new
    FROM night_metrics n WHERE n.customer_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    -- The first night of a month judges everybody whose average may differ from the month before; that of a version
    -- of a scheme judges everybody once.
    SELECT m.customer_id, m.branch_id, m.aum, m.since_date, m.month_days, m.quarter_days, m.last_month_days,
           false, false
    FROM customers_metrics m
    WHERE %(everybody)s AND m.customer_id BETWEEN %(first)s AND %(last)s
      AND (%(settled_too)s OR m.since_date >= %(unsettled_since)s
           OR EXISTS (SELECT FROM segments_tierstate t WHERE t.customer_id = m.customer_id AND t.months_below > 0))
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
      AND EXISTS (SELECT FROM customers_customer c WHERE c.id = m.customer_id AND c.status = 'active')
    UNION ALL
    -- A scheme on a running average moves customers on any day of a month in which their balance changed.
    SELECT m.customer_id, m.branch_id, m.aum, m.since_date, m.month_days, m.quarter_days, m.last_month_days,
           false, false
    FROM customers_metrics m
    WHERE %(drift_since)s::date IS NOT NULL AND NOT %(everybody)s AND m.since_date >= %(drift_since)s
      AND m.customer_id BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
      AND EXISTS (SELECT FROM customers_customer c WHERE c.id = m.customer_id AND c.status = 'active')
    UNION ALL
    -- Weights tell holdings apart that are one sum in the nightly numbers.
    SELECT m.customer_id, m.branch_id, m.aum, m.since_date, m.month_days, m.quarter_days, m.last_month_days,
           false, false
    FROM customers_metrics m
    WHERE %(holdings_too)s AND NOT %(everybody)s AND m.customer_id BETWEEN %(first)s AND %(last)s
      AND (%(drift_since)s::date IS NULL OR m.since_date < %(drift_since)s)
      AND EXISTS (SELECT FROM night_holding h WHERE h.customer_id = m.customer_id)
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
      AND EXISTS (SELECT FROM customers_customer c WHERE c.id = m.customer_id AND c.status = 'active')
), valued AS MATERIALIZED (  -- the metric is reckoned once, not once for each band
    SELECT l.customer_id, l.branch_id, l.is_closed, l.is_new, s.id AS scheme_id, s.promotion, s.metric,
           s.watch_after_months, s.downgrade_after_months, s.downgrade_to, s.states_of, s.starts, s.period_start,
           s.is_due, s.kept_share, s.leaves_unrated,
           (s.applies_to = '' OR s.applies_to = coalesce(nc.customer_type, c.customer_type))
           AND coalesce(o.is_in_force, s.is_in_force) AS applies,
           CASE s.metric
               WHEN 'point' THEN l.aum
               WHEN 'month_average' THEN month_average(l.aum, l.since_date, l.month_days, %(as_of)s)
               WHEN 'last_month_average'
                   THEN last_month_average(l.aum, l.since_date, l.month_days, l.last_month_days, %(as_of)s)
               WHEN 'quarter_average' THEN quarter_average(l.aum, l.since_date, l.quarter_days, %(as_of)s)
               ELSE measured.value
           END AS metric_value
    FROM looked_at l CROSS JOIN schemes s
    LEFT JOIN night_measure measured ON measured.scheme_id = s.id AND measured.customer_id = l.customer_id
                                    AND measured.customer_id BETWEEN %(first)s AND %(last)s
    LEFT JOIN of_branch o ON o.scheme_id = s.id AND o.branch_id = l.branch_id
    LEFT JOIN night_customer nc ON nc.customer_id = l.customer_id
    LEFT JOIN customers_customer c ON c.id = l.customer_id AND c.id BETWEEN %(first)s AND %(last)s
    WHERE s.starts OR s.applies_to = '' OR s.applies_to = coalesce(nc.customer_type, c.customer_type)
), held AS (
    -- What the customer held before this day: what is published, or, where the day is corrected, what was before it.
    SELECT v.*, b.customer_id IS NOT NULL OR (%(is_first)s AND state.customer_id IS NOT NULL) AS is_corrected,
           coalesce(b.rank, CASE WHEN is_from_state THEN state.rank END) AS old_rank,
           coalesce(b.since, CASE WHEN is_from_state THEN state.since END) AS since,
           coalesce(b.months_below, CASE WHEN is_from_state THEN state.months_below END, 0) AS months_below,
           coalesce(b.best_in_window, CASE WHEN is_from_state THEN state.best_in_window END, 0) AS best_in_window,
           coalesce(b.is_watched, CASE WHEN is_from_state THEN state.is_watched END, false) AS is_watched,
           coalesce(b.month_checked, CASE WHEN is_from_state THEN state.month_checked END) AS month_checked
    FROM valued v
    LEFT JOIN segments_tierstate state ON state.scheme_id = v.states_of AND state.customer_id = v.customer_id
                                      AND state.customer_id BETWEEN %(first)s AND %(last)s
    LEFT JOIN night_tier_before b ON %(is_rerun)s AND NOT %(is_first)s AND b.scheme_id = v.scheme_id
                                 AND b.customer_id = v.customer_id AND b.customer_id BETWEEN %(first)s AND %(last)s
    CROSS JOIN LATERAL (SELECT b.customer_id IS NULL AND NOT %(is_first)s AS is_from_state) source
), open_cases AS MATERIALIZED (
    -- Most customers stay inside the band that they hold, with no month below it on record: nothing to judge.
    SELECT v.*, own.lower AS own_lower, own.rank AS own_rank,
           coalesce(own.downgrade_after_months, v.downgrade_after_months) AS patience
    FROM held v
    LEFT JOIN segments_tier own ON own.scheme_id = v.scheme_id AND own.rank = v.old_rank
    WHERE (v.months_below = 0 AND v.best_in_window = 0 AND NOT v.is_watched AND NOT v.is_closed
           AND NOT v.is_corrected AND v.applies AND NOT v.starts AND greatest(v.metric_value, 0) >= own.lower
           AND (own.upper IS NULL OR greatest(v.metric_value, 0) < own.upper)) IS NOT TRUE
), banded AS (
    SELECT v.*,
           -- Below the lowest edge a customer is not rated; within reach of the own edge the tier is kept.
           CASE WHEN coalesce(band.rank, 0) < v.old_rank AND v.metric_value >= v.own_lower * v.kept_share THEN v.old_rank
                ELSE coalesce(band.rank, 0) END AS band,
           -- A scheme with a rhythm judges each ended period once; the others judge every night. What was not measured
           -- tonight is not judged either.
           NOT v.starts AND ((v.promotion <> 'immediate' AND v.month_checked >= v.period_start)
                             OR (v.promotion = 'review' AND NOT v.is_due))
           OR v.metric_value IS NULL AS is_judged,
           -- What only the edges of a new version take away is no weakness of the customer: there is nothing to wait for.
           -- Whoever is below the old edge as well keeps the tier as long as the rule of months says.
           v.starts AND (v.metric_value >= was.lower OR v.own_rank IS NULL) AS is_relaid
    FROM open_cases v
    LEFT JOIN segments_tier was ON was.scheme_id = v.states_of AND was.rank = v.old_rank
    -- Who owes the bank more than they hold stands where those with nothing stand.
    LEFT JOIN segments_tier band ON band.scheme_id = v.scheme_id AND v.metric_value IS NOT NULL
                                AND greatest(v.metric_value, 0) >= band.lower
                                AND (band.upper IS NULL OR greatest(v.metric_value, 0) < band.upper)
), counted AS (
    SELECT b.*,
           CASE WHEN is_judged THEN months_below
                WHEN band >= old_rank OR old_rank IS NULL THEN 0
                WHEN month_checked >= period_start THEN months_below
                ELSE months_below + 1 END AS below_now,
           CASE WHEN is_judged THEN best_in_window
                WHEN band >= old_rank OR old_rank IS NULL THEN 0
                ELSE greatest(best_in_window, band) END AS best_now
    FROM banded b
), judged AS (
    SELECT c.*,
           CASE WHEN is_closed OR NOT applies THEN NULL
                WHEN old_rank IS NULL THEN nullif(band, 0)
                WHEN is_judged THEN old_rank
                WHEN band > old_rank OR is_relaid THEN nullif(band, 0)
                WHEN band < old_rank AND below_now >= patience
                    THEN nullif(CASE downgrade_to WHEN 'highest_in_window' THEN best_now ELSE band END, 0)
                ELSE old_rank END AS rank
    FROM counted c
)
INSERT INTO night_tier (scheme_id, customer_id, branch_id, old_rank, rank, metric_value, cause, since, months_below,
                        best_in_window, is_watched, month_checked)
SELECT scheme_id, customer_id, branch_id, old_rank, rank, coalesce(metric_value, 0),
       CASE WHEN is_closed THEN 'closed'
            WHEN old_rank IS NULL
                THEN CASE WHEN leaves_unrated AND NOT is_new AND NOT starts THEN 'promoted' ELSE 'opened' END
            WHEN (starts OR NOT applies) AND rank IS DISTINCT FROM old_rank THEN 'scheme_changed'
            WHEN rank > old_rank THEN 'promoted' WHEN coalesce(rank, 0) < old_rank THEN 'downgraded' ELSE '' END,
       CASE WHEN rank = old_rank THEN since ELSE %(as_of)s END,
       CASE WHEN rank = old_rank THEN below_now ELSE 0 END,
       CASE WHEN rank = old_rank THEN best_now ELSE 0 END,
       CASE WHEN rank IS NULL THEN false
            WHEN rank = old_rank AND is_judged THEN is_watched
            ELSE rank = old_rank AND watch_after_months > 0 AND below_now >= watch_after_months END,
       CASE WHEN is_judged THEN month_checked ELSE period_start END
FROM judged
WHERE ((applies AND NOT is_closed) OR old_rank IS NOT NULL OR is_corrected)
  AND (is_closed OR is_corrected OR rank IS DISTINCT FROM old_rank
       OR (NOT is_judged AND (months_below <> below_now OR best_in_window <> best_now
                              OR is_watched <> (watch_after_months > 0 AND below_now >= watch_after_months))))
