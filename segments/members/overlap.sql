-- Customers and AUM by which of the compared segments they are in: a bit for each.
SELECT m.mask, count(*) AS members, coalesce(sum(k.aum), 0) AS aum
FROM ({masks}) m (customer_id, mask) LEFT JOIN customers_metrics k USING (customer_id)
GROUP BY m.mask
