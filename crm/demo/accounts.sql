-- Account holders and holdings, in customer order, so that full reads of one customer's rows touch few pages.
INSERT INTO customers_accountholder (branch_id, account_id, customer_id, role)
SELECT branch_id, id, customer_id, 'owner' FROM demo_account ORDER BY id;

INSERT INTO customers_holding (id, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
                               start_date, maturity_date, auto_rollover, rate, funding_source, status)
SELECT row_number() OVER (ORDER BY s.id, s.slot), s.branch_id, s.id, a.id,
       CASE WHEN s.slot = 0 THEN '' ELSE lpad(s.slot::text, 4, '0') END, s.product_id, s.amount, 1, s.start_date,
       s.maturity_date, s.auto_rollover, s.rate, 'own', s.status
FROM demo_slot s JOIN demo_account a ON a.customer_id = s.id AND a.account_kind = s.account_kind
ORDER BY s.id, s.slot
