-- The tiers as published, and the figures of every day since the start.
INSERT INTO segments_tierstate (scheme_id, customer_id, branch_id, rank, since, months_below, best_in_window, is_watched,
                                month_checked)
SELECT %(scheme)s, customer_id, branch_id, rank, since, months_below, best_in_window, is_watched,
       date_trunc('month', %(as_of)s::timestamp)::date
FROM demo_tier ORDER BY customer_id;

INSERT INTO segments_dayfigure (as_of, branch_id, scheme_id, rank, customers, aum)
SELECT day::date, place.branch_id, %(scheme)s, b.rank,
       sum(coalesce(f.customers, 0)) OVER running, sum(coalesce(f.aum, 0)) OVER running
FROM generate_series(%(start)s::timestamp, %(as_of)s::timestamp, interval '1 day') day
CROSS JOIN (SELECT DISTINCT branch_id FROM demo_flow) place
JOIN segments_tier b ON b.scheme_id = %(scheme)s
LEFT JOIN (SELECT as_of, branch_id, rank, sum(customers) AS customers, sum(aum) AS aum FROM demo_flow GROUP BY 1, 2, 3) f
       ON f.as_of = day::date AND f.branch_id = place.branch_id AND f.rank = b.rank
WINDOW running AS (PARTITION BY place.branch_id, b.rank ORDER BY day);

UPDATE customers_metrics m SET tier = t.rank FROM demo_tier t
WHERE t.customer_id = m.customer_id AND %(is_primary)s
