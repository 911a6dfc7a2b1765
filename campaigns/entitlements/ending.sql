-- Whose lots end in these days, and to whom a reversal has given something back since.
SELECT array_agg(DISTINCT customer_id) AS customers
FROM (SELECT customer_id FROM campaigns_ledgerentry WHERE kind = 'earn' AND expires_on >= %(first)s AND expires_on < %(day)s
      UNION ALL
      SELECT customer_id FROM campaigns_ledgerentry WHERE kind = 'reverse' AND day >= %(first)s) ending
