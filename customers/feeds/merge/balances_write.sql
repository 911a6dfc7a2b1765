-- Holdings that are new or of which the file says something else than what is published. Products count as they are
-- published; what has been changed since, the night applies to all their holdings.
WITH wanted AS (
    SELECT s.*, h.id AS known_id, h.balance AS old_balance, h.status AS old_status, h.funding_source AS old_funding,
           h.product_count AS old_products, old_p.counted_class AS old_class, old_p.counted_in_aum AS old_counts,
           p.counted_class AS product_class, p.counted_in_aum AS counts_in_aum,
           CASE WHEN %(has_product_count)s THEN coalesce(s.product_count, 1) ELSE coalesce(h.product_count, 1) END AS products,
           CASE WHEN %(has_start_date)s THEN s.start_date ELSE h.start_date END AS starts,
           CASE WHEN %(has_maturity_date)s THEN s.maturity_date ELSE h.maturity_date END AS matures,
           CASE WHEN %(has_auto_rollover)s THEN s.auto_rollover ELSE h.auto_rollover END AS rolls,
           CASE WHEN %(has_rate)s THEN s.rate ELSE h.rate END AS rate_now,
           CASE WHEN %(has_funding_source)s THEN coalesce(s.funding_source, 'own')
                ELSE coalesce(h.funding_source, 'own') END AS funding,
           h.product_id AS old_product, h.start_date AS old_start, h.maturity_date AS old_maturity,
           h.auto_rollover AS old_rolls, h.rate AS old_rate, h.branch_id AS old_branch
    FROM stage_holding s
    JOIN customers_product p ON p.id = s.product_id
    LEFT JOIN customers_holding h ON h.account_id = s.account_id AND h.sub_no = s.sub_no
    LEFT JOIN customers_product old_p ON old_p.id = h.product_id
)
INSERT INTO night_holding (
    holding_id, load_id, is_new, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
    start_date, maturity_date, auto_rollover, rate, funding_source, status, old_balance, old_counted, new_counted,
    old_deposit, new_deposit, old_loan, new_loan, old_count, new_count)
SELECT coalesce(known_id, o.id, nextval(pg_get_serial_sequence('customers_holding', 'id'))), %(load)s, known_id IS NULL,
       w.branch_id, w.customer_id, w.account_id, w.sub_no, w.product_id, w.balance, products, starts, matures, rolls,
       rate_now, funding, 'open', coalesce(old_balance, 0),
       CASE WHEN old_counts AND old_funding = 'own' AND old_class NOT IN ('loan', 'card', 'e_banking')
            THEN old_balance ELSE 0 END,
       CASE WHEN counts_in_aum AND funding = 'own' AND product_class NOT IN ('loan', 'card', 'e_banking')
            THEN w.balance ELSE 0 END,
       CASE WHEN old_class IN ('demand', 'time', 'large_cd', 'notice') THEN old_balance ELSE 0 END,
       CASE WHEN product_class IN ('demand', 'time', 'large_cd', 'notice') THEN w.balance ELSE 0 END,
       CASE WHEN old_class = 'loan' THEN old_balance ELSE 0 END,
       CASE WHEN product_class = 'loan' THEN w.balance ELSE 0 END,
       CASE WHEN old_status = 'open' THEN old_products ELSE 0 END, products
FROM wanted w LEFT JOIN old_night_holding o ON o.account_id = w.account_id AND o.sub_no = w.sub_no
WHERE known_id IS NULL
   OR (old_balance, old_status, old_funding, old_products, old_product, old_start, old_maturity, old_rolls, old_rate,
       old_branch)
      IS DISTINCT FROM
      (w.balance, 'open', funding, products, w.product_id, starts, matures, rolls, rate_now, w.branch_id)
ON CONFLICT (holding_id) DO UPDATE SET
    load_id = excluded.load_id, branch_id = excluded.branch_id, product_id = excluded.product_id,
    balance = excluded.balance, product_count = excluded.product_count, start_date = excluded.start_date,
    maturity_date = excluded.maturity_date, auto_rollover = excluded.auto_rollover, rate = excluded.rate,
    funding_source = excluded.funding_source, status = excluded.status, new_counted = excluded.new_counted,
    new_deposit = excluded.new_deposit, new_loan = excluded.new_loan, new_count = excluded.new_count
