-- History of balances on a day that has none yet: nothing to look for before each row.
INSERT INTO customers_balancechange (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, old_counted,
                                     new_counted, reclassified)
SELECT branch_id, customer_id, holding_id, %(as_of)s, old_balance, balance, old_counted, new_counted, reclassified
FROM night_holding
WHERE old_balance <> balance OR old_counted <> new_counted
