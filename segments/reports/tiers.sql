-- Customers and AUM by tier on a day: the latest move up to that day, and the balance less what changed after it.
WITH ranked AS (
    SELECT DISTINCT ON (customer_id) customer_id, new_rank AS rank
    FROM segments_tierchange WHERE scheme_id = ANY (%(versions)s) AND as_of <= %(as_of)s
    ORDER BY customer_id, as_of DESC
), later AS (
    SELECT customer_id, sum(new_counted - old_counted) AS moved
    FROM customers_balancechange WHERE as_of > %(as_of)s GROUP BY customer_id
)
SELECT t.rank, t.code, t.name_zh_hans, t.name_en, count(r.customer_id) AS customers,
       coalesce(sum(m.aum - coalesce(l.moved, 0)), 0) AS aum, coalesce(sum(m.product_count), 0) AS products,
       count(r.customer_id) FILTER (WHERE m.aum - coalesce(l.moved, 0) = 0) AS without_balance,
       count(r.customer_id) FILTER (WHERE m.aum - coalesce(l.moved, 0) = t.lower) AS exactly_at_lower
FROM segments_tier t
LEFT JOIN ranked r ON r.rank = t.rank
LEFT JOIN customers_metrics m ON m.customer_id = r.customer_id
LEFT JOIN later l ON l.customer_id = r.customer_id
WHERE t.scheme_id = %(scheme)s
GROUP BY t.rank, t.code, t.name_zh_hans, t.name_en, t.lower ORDER BY t.rank
