-- Whom a call tomorrow may be scored for, in a range of customers.
SELECT c.id AS key, c.id AS customer_id, %(day)s::date AS day, 'phone' AS channel
FROM campaigns_scorable c WHERE c.status = 'active' AND c.id BETWEEN %(first)s AND %(last)s
