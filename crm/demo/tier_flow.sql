-- What came and went in each tier on each day of one month.
INSERT INTO demo_flow
SELECT n.as_of, t.branch_id, t.rank, 0, sum(n.delta) FROM demo_net n JOIN demo_tier t USING (customer_id)
WHERE n.as_of >= %(month)s AND n.as_of < %(next)s GROUP BY 1, 2, 3
UNION ALL
SELECT open_date, branch_id, rank, count(*), 0 FROM demo_tier
WHERE NOT is_here AND open_date >= %(month)s AND open_date < %(next)s GROUP BY 1, 2, 3
