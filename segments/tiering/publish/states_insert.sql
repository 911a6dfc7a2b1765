-- The first tier of new customers.
INSERT INTO segments_tierstate (scheme_id, customer_id, branch_id, rank, since, months_below, best_in_window,
                                is_watched, month_checked)
SELECT scheme_id, customer_id, branch_id, rank, since, months_below, best_in_window, is_watched, month_checked
FROM night_tier n
WHERE rank IS NOT NULL
  AND NOT EXISTS (SELECT FROM segments_tierstate t WHERE t.scheme_id = n.scheme_id AND t.customer_id = n.customer_id)
