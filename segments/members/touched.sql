-- Of whom the night changes anything that a rule of the night's fields can ask for, and who may be in segments again.
INSERT INTO night_touched (customer_id)
SELECT customer_id FROM night_customer
UNION SELECT customer_id FROM night_metrics
UNION SELECT customer_id FROM night_holding
UNION SELECT n.customer_id FROM night_tier n
      LEFT JOIN segments_tierstate s ON s.scheme_id = n.scheme_id AND s.customer_id = n.customer_id
      WHERE (n.rank, n.is_watched) IS DISTINCT FROM (s.rank, s.is_watched)
-- Said in the daytime: a day more than the one before, since that night was published in the morning.
UNION SELECT id FROM customers_customer
      WHERE profiling_opt_out_at >= (%(previous)s::date - 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
