-- Counters of the day, counted from every customer: on a first night, and when everything is computed anew.
INSERT INTO segments_dayfigure (as_of, branch_id, scheme_id, rank, customers, aum)
SELECT %(as_of)s, t.branch_id, t.scheme_id, t.rank, count(*), sum(m.aum)
FROM segments_tierstate t JOIN customers_metrics m USING (customer_id)
JOIN segments_tierscheme s ON s.id = t.scheme_id AND s.is_active
GROUP BY t.branch_id, t.scheme_id, t.rank
