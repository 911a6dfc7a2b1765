-- Tiers that moved, and the counters of months below the band.
UPDATE segments_tierstate t SET
    branch_id = n.branch_id, rank = n.rank, since = n.since, months_below = n.months_below,
    best_in_window = n.best_in_window, is_watched = n.is_watched, month_checked = n.month_checked
FROM night_tier n
WHERE n.rank IS NOT NULL AND t.scheme_id = n.scheme_id AND t.customer_id = n.customer_id
