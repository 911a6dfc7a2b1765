-- What tonight's customers hold, before it is changed. Of a day published twice the first version's answer stays.
INSERT INTO night_tier_before (scheme_id, customer_id, rank, since, months_below, best_in_window, is_watched,
                               month_checked)
SELECT n.scheme_id, n.customer_id, t.rank, t.since, coalesce(t.months_below, 0), coalesce(t.best_in_window, 0),
       coalesce(t.is_watched, false), t.month_checked
FROM night_tier n LEFT JOIN segments_tierstate t ON t.scheme_id = n.scheme_id AND t.customer_id = n.customer_id
ON CONFLICT (customer_id, scheme_id) DO NOTHING
