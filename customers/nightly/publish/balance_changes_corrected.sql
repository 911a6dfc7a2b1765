-- History of balances: a corrected file of the same day keeps the balance before the day and replaces the one after.
INSERT INTO customers_balancechange (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, old_counted,
                                     new_counted, reclassified)
SELECT branch_id, customer_id, holding_id, %(as_of)s, old_balance, balance, old_counted, new_counted, reclassified
FROM night_holding
WHERE old_balance <> balance OR old_counted <> new_counted
ON CONFLICT (customer_id, holding_id, as_of) DO UPDATE
SET new_balance = excluded.new_balance, new_counted = excluded.new_counted, recorded_at = now(),
    reclassified = customers_balancechange.reclassified + excluded.reclassified
