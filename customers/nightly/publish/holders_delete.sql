-- People who are no longer named on an account.
DELETE FROM customers_accountholder h USING night_holder n
WHERE n.is_gone AND h.account_id = n.account_id AND h.customer_id = n.customer_id
