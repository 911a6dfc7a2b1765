-- Counters of the day: those of the day before, plus what tonight's customers leave and what they bring.
WITH touched AS (
    SELECT customer_id, branch_id, old_aum, aum FROM night_metrics
    UNION ALL
    SELECT m.customer_id, m.branch_id, m.aum, m.aum FROM customers_metrics m
    WHERE m.customer_id IN (SELECT customer_id FROM night_tier)
      AND NOT EXISTS (SELECT FROM night_metrics n WHERE n.customer_id = m.customer_id)
), moved AS (
    SELECT s.id AS scheme_id, t.branch_id AS old_branch_id, t.rank AS old_rank, touched.branch_id,
           CASE WHEN n.customer_id IS NOT NULL THEN n.rank ELSE t.rank END AS rank,
           count(*) AS customers, sum(touched.old_aum) AS old_aum, sum(touched.aum) AS aum
    FROM touched CROSS JOIN unnest(%(schemes)s::bigint[]) s(id)
    LEFT JOIN segments_tierstate t ON t.scheme_id = s.id AND t.customer_id = touched.customer_id
    LEFT JOIN night_tier n ON n.scheme_id = s.id AND n.customer_id = touched.customer_id
    GROUP BY 1, 2, 3, 4, 5
), figures AS (
    SELECT branch_id, scheme_id, rank, customers, aum FROM segments_dayfigure
    WHERE as_of = %(previous)s AND scheme_id = ANY (%(schemes)s)
    UNION ALL
    SELECT old_branch_id, scheme_id, old_rank, -customers, -old_aum FROM moved WHERE old_rank IS NOT NULL
    UNION ALL
    SELECT branch_id, scheme_id, rank, customers, aum FROM moved WHERE rank IS NOT NULL
)
INSERT INTO segments_dayfigure (as_of, branch_id, scheme_id, rank, customers, aum)
SELECT %(as_of)s, branch_id, scheme_id, rank, sum(customers), sum(aum)
FROM figures GROUP BY branch_id, scheme_id, rank
ON CONFLICT (branch_id, scheme_id, as_of, rank) DO UPDATE SET customers = excluded.customers, aum = excluded.aum
WHERE (segments_dayfigure.customers, segments_dayfigure.aum) <> (excluded.customers, excluded.aum)
