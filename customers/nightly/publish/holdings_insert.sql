-- New holdings.
INSERT INTO customers_holding (id, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
                               start_date, maturity_date, auto_rollover, rate, funding_source, status, first_on,
                               closed_on)
SELECT holding_id, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count, start_date,
       maturity_date, auto_rollover, rate, funding_source, status, %(as_of)s,
       CASE WHEN status = 'closed' THEN %(as_of)s::date END
FROM night_holding WHERE is_new
