-- Counters of the day: those of the day before, plus what tonight's customers leave and what they bring.
WITH touched AS (
    SELECT s.id AS scheme_id, c.customer_id
    FROM (SELECT customer_id FROM night_metrics UNION SELECT customer_id FROM night_tier) c
    CROSS JOIN segments_tierscheme s WHERE s.id = ANY (%(schemes)s)
), sides AS (
    SELECT m.branch_id, t.scheme_id, t.rank, -1 AS customers, -m.aum AS aum
    FROM touched JOIN customers_metrics m USING (customer_id) JOIN segments_tierstate t USING (scheme_id, customer_id)
    UNION ALL
    SELECT coalesce(n.branch_id, m.branch_id), touched.scheme_id,
           CASE WHEN nt.customer_id IS NOT NULL THEN nt.rank ELSE t.rank END, 1, coalesce(n.aum, m.aum)
    FROM touched
    LEFT JOIN night_metrics n USING (customer_id) LEFT JOIN customers_metrics m USING (customer_id)
    LEFT JOIN night_tier nt ON nt.customer_id = touched.customer_id AND nt.scheme_id = touched.scheme_id
    LEFT JOIN segments_tierstate t ON t.customer_id = touched.customer_id AND t.scheme_id = touched.scheme_id
), figures AS (
    SELECT branch_id, scheme_id, rank, customers, aum FROM segments_dayfigure
    WHERE as_of = %(previous)s AND scheme_id = ANY (%(schemes)s)
    UNION ALL
    SELECT branch_id, scheme_id, rank, customers, aum FROM sides WHERE rank IS NOT NULL
)
INSERT INTO segments_dayfigure (as_of, branch_id, scheme_id, rank, customers, aum)
SELECT %(as_of)s, branch_id, scheme_id, rank, sum(customers), sum(aum)
FROM figures GROUP BY branch_id, scheme_id, rank
ON CONFLICT (branch_id, scheme_id, as_of, rank) DO UPDATE SET customers = excluded.customers, aum = excluded.aum
WHERE (segments_dayfigure.customers, segments_dayfigure.aum) <> (excluded.customers, excluded.aum)
