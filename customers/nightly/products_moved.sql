-- What of a delivered holding's change comes from its product: the published balance by today's counting, less by the
-- published one.
UPDATE night_holding n SET
    reclassified = CASE WHEN q.counts_in_aum AND h.funding_source = 'own'
                             AND q.product_class NOT IN ('loan', 'card', 'e_banking') THEN h.balance ELSE 0 END
                   - n.old_counted
FROM customers_holding h JOIN night_product q ON q.product_id = h.product_id
WHERE h.id = n.holding_id AND NOT n.is_new
