-- Customers who moved up and down in a month. The newest month is counted again, those before it stay as they were;
-- another primary scheme is counted from its beginning, over all its versions.
DELETE FROM segments_monthmoves WHERE scheme_id <> (SELECT id FROM segments_tierscheme WHERE is_primary)
                                   OR month = (SELECT max(month) FROM segments_monthmoves);

INSERT INTO segments_monthmoves (branch_id, scheme_id, month, up, down)
SELECT c.branch_id, shown.id, date_trunc('month', c.as_of::timestamp)::date,
       count(DISTINCT c.customer_id) FILTER (WHERE c.new_rank > c.old_rank),
       count(DISTINCT c.customer_id) FILTER (WHERE c.new_rank < c.old_rank)
FROM segments_tierscheme shown JOIN segments_tierscheme s ON s.code = shown.code
JOIN segments_tierchange c ON c.scheme_id = s.id
WHERE shown.is_primary
  AND c.as_of >= coalesce((SELECT max(month) + interval '1 month' FROM segments_monthmoves)::date, '-infinity')
GROUP BY 1, 2, 3
