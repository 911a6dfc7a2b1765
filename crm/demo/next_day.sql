-- What the core bank holds at the end of the next day: salaries and pensions in, spending, deposits that fell due paid
-- out or rolled over, funds marked, a few large movements.
CREATE TEMP TABLE demo_next_day ON COMMIT DROP AS
WITH held AS (
    SELECT h.id, h.customer_id, a.id AS account_id, h.sub_no, q.code, q.product_class, q.term_days, h.balance, h.start_date,
           h.maturity_date, h.auto_rollover, h.rate, h.product_count, p.wealth, p.is_saver, p.liquidity,
           p.has_payroll AND floor(pg_temp.chance(h.customer_id, 801) * 22)::int
                             = extract(day FROM %(day)s::date)::int %% 22 AS is_payday,
           h.maturity_date = %(day)s AND h.status = 'open' AND coalesce(h.auto_rollover, false) AS is_rolled,
           h.maturity_date = %(day)s AND h.status = 'open' AND NOT coalesce(h.auto_rollover, false) AS is_paid,
           pg_temp.chance(h.customer_id, 802) AS fate, pg_temp.chance(h.id, 803) AS size
    FROM customers_holding h JOIN customers_account a ON a.id = h.account_id
    JOIN customers_product q ON q.id = h.product_id JOIN demo_profile p ON p.id = h.customer_id
    WHERE h.status = 'open'
), due AS (
    -- Interest always lands in the demand deposit; of the principal that is paid out, six tenths stay with the bank.
    SELECT customer_id,
           sum(round(balance * coalesce(rate, 0) / 100 * term_days / 365, 2)) AS interest,
           sum(CASE WHEN is_paid AND size < 0.6 THEN balance ELSE 0 END) AS principal
    FROM held WHERE is_rolled OR is_paid GROUP BY customer_id
)
SELECT h.account_id, h.sub_no, h.code,
       CASE WHEN product_class = 'demand' THEN greatest(0,
                CASE WHEN is_saver AND wealth >= 50000 AND liquidity > 0.6 AND fate < 0.004 THEN round(balance * 0.04, 2)
                     WHEN is_saver AND wealth >= 20000 AND fate > 0.997 THEN balance + round((wealth::float8 * (0.3 + size / 2))::numeric, -3)
                     WHEN is_payday THEN balance + round((3500 + 9000 * size)::numeric, 2)
                     WHEN balance > 200 AND fate BETWEEN 0.1 AND 0.17
                          THEN round((balance::float8 * (0.75 + size / 5))::numeric, 2)
                     ELSE balance END) + coalesce(d.interest, 0) + coalesce(d.principal, 0)
            WHEN product_class IN ('fund', 'metal') AND size < 0.5
                 THEN round((balance::float8 * (0.985 + 0.06 * size))::numeric, 2)
            ELSE balance END AS balance,
       h.product_count, CASE WHEN is_rolled THEN %(day)s::date ELSE h.start_date END AS start_date,
       CASE WHEN is_rolled THEN %(day)s::date + term_days ELSE h.maturity_date END AS maturity_date, h.auto_rollover, h.rate
FROM held h LEFT JOIN due d USING (customer_id)
WHERE is_paid IS NOT TRUE
