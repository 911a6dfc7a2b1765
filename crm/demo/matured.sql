-- What of the past half year's new deposits and products was bought with money that had matured that day: three of four
-- follow a deposit that was paid out, of about the same amount. Only the customer's sum of the day changes.
CREATE TEMP TABLE demo_matured ON COMMIT DROP AS
WITH bought AS (
    SELECT b.customer_id, b.branch_id, b.as_of, b.holding_id, h.account_id, b.new_balance,
           pg_temp.chance(b.holding_id, 851) AS luck, pg_temp.chance(b.holding_id, 852) AS size
    FROM customers_balancechange b JOIN customers_holding h ON h.id = b.holding_id
    JOIN customers_product q ON q.id = h.product_id AND q.product_class NOT IN ('demand', 'loan', 'card', 'e_banking')
    WHERE b.old_balance = 0 AND b.new_balance >= 5000 AND h.status = 'open'
      AND b.as_of > %(as_of)s::date - 190
), chosen AS (
    SELECT DISTINCT ON (customer_id, as_of) *,
           greatest(1000, round((new_balance::float8 * CASE WHEN size < 0.6 THEN 1 ELSE 0.7 + size * 0.8 END)::numeric, -3))
               AS amount
    FROM bought WHERE luck < 0.75 ORDER BY customer_id, as_of, holding_id
)
SELECT c.*, (SELECT max(id) FROM customers_holding) + row_number() OVER (ORDER BY c.customer_id, c.as_of) AS id, q.id AS product_id
FROM chosen c JOIN customers_product q ON q.code = CASE WHEN luck < 0.2 THEN 'TIME6M' WHEN luck < 0.35 THEN 'TIME3Y' ELSE 'TIME1Y' END;

INSERT INTO customers_holding (id, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
                               start_date, maturity_date, auto_rollover, rate, funding_source, status)
SELECT m.id, m.branch_id, m.customer_id, m.account_id, lpad((m.id %% 1000000)::text, 7, '9'), m.product_id, 0, 1,
       greatest(c.open_date, m.as_of - q.term_days), m.as_of, false, 1.55, 'own', 'closed'
FROM demo_matured m JOIN customers_customer c ON c.id = m.customer_id JOIN customers_product q ON q.id = m.product_id;

INSERT INTO customers_balancechange (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, old_counted,
                                     new_counted, recorded_at)
SELECT branch_id, customer_id, id, as_of, amount, 0, amount, 0, as_of + time '22:00' FROM demo_matured;

-- Most of what was paid out, and not spent on these, lay in the demand deposit until that moved next.
WITH paid AS (
    SELECT b.customer_id, b.as_of, b.old_balance - coalesce(s.new_balance, 0) AS amount, d.id AS demand_id,
           (SELECT min(n.as_of) FROM customers_balancechange n WHERE n.holding_id = d.id AND n.as_of > b.as_of
                                                                 AND n.customer_id = d.customer_id) AS moves_on,
           (SELECT n.new_balance FROM customers_balancechange n WHERE n.holding_id = d.id AND n.as_of < b.as_of
               AND n.customer_id = d.customer_id ORDER BY n.as_of DESC LIMIT 1) AS lay
    FROM customers_balancechange b
    JOIN customers_holding h ON h.id = b.holding_id AND h.status = 'closed' AND h.maturity_date = b.as_of
    JOIN customers_holding d ON d.customer_id = b.customer_id AND d.sub_no = '' AND d.status = 'open'
    LEFT JOIN demo_matured s ON s.id = b.holding_id
    WHERE b.new_balance = 0 AND b.as_of > %(as_of)s::date - 190 AND pg_temp.chance(b.holding_id, 853) < 0.85
      AND b.old_balance > coalesce(s.new_balance, 0)
      AND NOT EXISTS (SELECT FROM customers_balancechange n
                      WHERE n.customer_id = d.customer_id AND n.holding_id = d.id AND n.as_of = b.as_of)
), lain AS (
    SELECT DISTINCT ON (customer_id, moves_on) * FROM paid WHERE moves_on IS NOT NULL AND lay IS NOT NULL
    ORDER BY customer_id, moves_on, as_of
), moved AS (
    UPDATE customers_balancechange n SET old_balance = n.old_balance + l.amount, old_counted = n.old_counted + l.amount
    FROM lain l WHERE n.customer_id = l.customer_id AND n.holding_id = l.demand_id AND n.as_of = l.moves_on
    RETURNING n.branch_id, n.customer_id, n.holding_id, l.as_of, l.lay, l.amount
)
INSERT INTO customers_balancechange (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, old_counted,
                                     new_counted, recorded_at)
SELECT branch_id, customer_id, holding_id, as_of, lay, lay + amount, lay, lay + amount, as_of + time '22:00' FROM moved;

TRUNCATE demo_net;
INSERT INTO demo_net
SELECT customer_id, branch_id, as_of, sum(new_counted - old_counted)
FROM customers_balancechange GROUP BY customer_id, branch_id, as_of HAVING sum(new_counted - old_counted) <> 0;
ANALYZE demo_net
