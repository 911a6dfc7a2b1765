-- Where the customers of one day stood on another: rank 0 = not a customer on that day.
WITH first_day AS (
    SELECT DISTINCT ON (customer_id) customer_id, new_rank AS rank
    FROM segments_tierchange WHERE scheme_id = ANY (%(versions)s) AND as_of <= %(since)s
    ORDER BY customer_id, as_of DESC
), last_day AS (
    SELECT DISTINCT ON (customer_id) customer_id, new_rank AS rank
    FROM segments_tierchange WHERE scheme_id = ANY (%(versions)s) AND as_of <= %(as_of)s
    ORDER BY customer_id, as_of DESC
)
SELECT coalesce(f.rank, 0) AS old_rank, coalesce(l.rank, 0) AS new_rank, count(*) AS customers
FROM first_day f FULL JOIN last_day l USING (customer_id)
WHERE f.rank IS NOT NULL OR l.rank IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
