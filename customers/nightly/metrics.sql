-- AUM, deposits, loans and balance-days to come of every customer in this chunk whose holdings or status changed.
WITH summed AS (
    SELECT customer_id, sum(aum) AS aum, sum(deposit) AS deposit, sum(loan) AS loan, sum(products) AS products,
           sum(moved) AS moved, max(branch_id) AS branch_id
    FROM (
        SELECT customer_id, branch_id, new_counted - old_counted AS aum, new_deposit - old_deposit AS deposit,
               new_loan - old_loan AS loan, new_count - old_count AS products,
               new_counted - old_counted - reclassified AS moved
        FROM night_holding WHERE customer_id BETWEEN %(first)s AND %(last)s
        UNION ALL
        -- A full recompute starts from what is published; otherwise the planner drops this branch.
        SELECT h.customer_id, h.branch_id,
               CASE WHEN p.counted_in_aum AND h.funding_source = 'own'
                         AND p.counted_class NOT IN ('loan', 'card', 'e_banking') THEN h.balance ELSE 0 END,
               CASE WHEN p.counted_class IN ('demand', 'time', 'large_cd', 'notice') THEN h.balance ELSE 0 END,
               CASE WHEN p.counted_class = 'loan' THEN h.balance ELSE 0 END,
               CASE WHEN h.status = 'open' THEN h.product_count ELSE 0 END, 0
        FROM customers_holding h JOIN customers_product p ON p.id = h.product_id
        WHERE %(full)s AND h.customer_id BETWEEN %(first)s AND %(last)s
    ) parts GROUP BY customer_id
), people AS (
    SELECT customer_id, branch_id, is_new, status = 'closed' AS is_closed, open_date
    FROM night_customer n WHERE customer_id BETWEEN %(first)s AND %(last)s
      AND (is_new OR status = 'closed' OR old_branch_id IS NOT NULL
           OR EXISTS (SELECT FROM customers_customer c WHERE c.id = n.customer_id AND c.status = 'closed')
           OR NOT EXISTS (SELECT FROM customers_metrics m WHERE m.customer_id = n.customer_id))
), touched AS (
    SELECT customer_id, coalesce(p.branch_id, m.branch_id, s.branch_id) AS branch_id,
           m.customer_id IS NULL AS is_new, p.customer_id IS NOT NULL AS is_named,
           coalesce(p.open_date, c.open_date) AS open_date,
           -- Money may still move after a customer has left; of that the customer file of tonight says nothing.
           coalesce(p.is_closed, c.status = 'closed', false) AS is_closed,
           coalesce(m.aum, 0) AS old_aum, coalesce(s.moved, 0) AS moved, m.since_date, m.month_days, m.quarter_days, m.last_month_days,
           CASE WHEN %(full)s THEN 0 ELSE coalesce(m.aum, 0) END + coalesce(s.aum, 0) AS aum,
           CASE WHEN %(full)s THEN 0 ELSE coalesce(m.deposit, 0) END + coalesce(s.deposit, 0) AS deposit,
           CASE WHEN %(full)s THEN 0 ELSE coalesce(m.loan, 0) END + coalesce(s.loan, 0) AS loan,
           CASE WHEN %(full)s THEN 0 ELSE coalesce(m.product_count, 0) END + coalesce(s.products, 0) AS products,
           (m.aum, m.deposit, m.loan, m.product_count) AS stored
    FROM summed s FULL JOIN people p USING (customer_id)
    LEFT JOIN (SELECT * FROM customers_metrics WHERE customer_id BETWEEN %(first)s AND %(last)s) m USING (customer_id)
    LEFT JOIN (SELECT id, status, open_date FROM customers_customer WHERE id BETWEEN %(first)s AND %(last)s) c ON c.id = customer_id
), calendar AS (
    SELECT date_trunc('month', %(as_of)s::timestamp)::date AS month_start,
           (date_trunc('month', %(as_of)s::timestamp) - interval '1 month')::date AS last_month_start,
           date_trunc('quarter', %(as_of)s::timestamp)::date AS quarter_start
)
INSERT INTO night_metrics (customer_id, chunk_no, branch_id, is_new, is_closed, old_aum, moved, aum, deposit,
                           loan, product_count, since_date, month_days, quarter_days, last_month_days)
SELECT customer_id, %(chunk)s, branch_id, is_new, is_closed, old_aum, moved, aum, deposit, loan, products,
    CASE WHEN aum = old_aum AND NOT is_new THEN since_date ELSE %(as_of)s END,
    -- Nothing is known of the days before a bank's first night: the balance is taken to have stood.
    CASE WHEN %(is_first)s THEN aum * greatest(0, %(as_of)s - greatest(month_start, coalesce(open_date, month_start)))
         WHEN is_new THEN 0
         WHEN aum = old_aum THEN month_days
         WHEN since_date >= month_start THEN month_days + old_aum * (%(as_of)s - since_date)
         ELSE old_aum * (%(as_of)s - month_start) END,
    CASE WHEN %(is_first)s
             THEN aum * greatest(0, %(as_of)s - greatest(quarter_start, coalesce(open_date, quarter_start)))
         WHEN is_new THEN 0
         WHEN aum = old_aum THEN quarter_days
         WHEN since_date >= quarter_start THEN quarter_days + old_aum * (%(as_of)s - since_date)
         ELSE old_aum * (%(as_of)s - quarter_start) END,
    CASE WHEN %(is_first)s
             THEN aum * greatest(0, month_start - greatest(last_month_start, coalesce(open_date, last_month_start)))
         WHEN is_new THEN 0
         WHEN aum = old_aum THEN last_month_days
         WHEN since_date >= month_start THEN last_month_days
         WHEN since_date >= last_month_start THEN month_days + old_aum * (month_start - since_date)
         ELSE old_aum * (month_start - last_month_start) END
FROM touched, calendar
-- Money that moved within what does not count, and as much in as out, leave nothing for tonight.
WHERE is_new OR is_closed OR is_named OR moved <> 0
   OR stored IS DISTINCT FROM (aum, deposit, loan, products::integer)
