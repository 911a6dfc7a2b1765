-- A published day and the changes of the next one: 12,000 customers in three branches, made by number, no chance in it.
INSERT INTO organization_branch (id, code, name, level, path, is_active) VALUES (9, '0', '总行', 'head_office', '.9.', true);
INSERT INTO organization_branch (id, code, name, level, path, is_active, parent_id)
SELECT n, n::text, '网点' || n, 'outlet', '.9.' || n || '.', true, 9 FROM generate_series(1, 3) n;
INSERT INTO customers_product (id, code, name, product_class, risk, counts_in_aum, counted_class, counted_in_aum)
VALUES (1, 'DEMAND', '活期', 'demand', 1, true, 'demand', true), (2, 'TIME', '定期', 'time', 1, true, 'time', true);
INSERT INTO customers_customer (
    id, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams,
    sex, id_type, id_no_mask, mobile_mask, address_mask, occupation, employer, open_date, status, has_payroll,
    has_pension, is_merchant, do_not_contact)
SELECT n, 'K' || n, 'person', '', n % 3 + 1, '客' || n, '客*', '', '', '{}', '', '', '', '', '', '', '', '2020-01-01',
       'active', false, false, false, false
FROM generate_series(1, 12000) n;
INSERT INTO customers_account (id, branch_id, customer_id, account_no_index, account_no_mask, account_type, currency, status)
SELECT n, n % 3 + 1, n, int8send(n), '', '', 'CNY', 'open' FROM generate_series(1, 12000) n;
INSERT INTO customers_holding (id, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
                               maturity_date, auto_rollover, funding_source, status)
SELECT n * 2 + k, n % 3 + 1, n, n, k::text, k + 1, ((n * 7919::bigint + k * 104729) % 60000000) / 100.0, 1,
       CASE WHEN k = 1 THEN date '2026-02-20' + n % 60 END, n % 5 = 0, 'own', 'open'
FROM generate_series(1, 12000) n, generate_series(0, 1) k;
INSERT INTO customers_metrics (customer_id, branch_id, aum, deposit, loan, product_count, since_date, month_days,
                               quarter_days, last_month_days, tier)
SELECT customer_id, branch_id, sum(balance), sum(balance), 0, 2, '2026-01-01', 0, 0, 31 * sum(balance), 1
FROM customers_holding GROUP BY customer_id, branch_id;
INSERT INTO segments_tierstate (scheme_id, customer_id, branch_id, rank, since, months_below, best_in_window, is_watched)
SELECT s.id, m.customer_id, m.branch_id, 1 + m.customer_id % 4, '2026-01-01', m.customer_id % 3, 0, false
FROM customers_metrics m, segments_tierscheme s WHERE s.is_active;
UPDATE customers_metrics SET tier = 1 + customer_id % 4;
INSERT INTO segments_dayfigure (as_of, branch_id, scheme_id, rank, customers, aum)
SELECT '2026-02-27', t.branch_id, t.scheme_id, t.rank, count(*), sum(m.aum)
FROM segments_tierstate t JOIN customers_metrics m USING (customer_id) GROUP BY 2, 3, 4;
INSERT INTO jobs_jobrun (job, business_date, epoch, state, step_no, started_at, finished_at, published_at, counts, message)
VALUES ('nightly', '2026-02-27', 1, 'published', 4, now(), now(), now(), '{}', '');
INSERT INTO night_holding (
    holding_id, load_id, is_new, branch_id, customer_id, account_id, sub_no, product_id, balance, product_count,
    maturity_date, auto_rollover, funding_source, status, old_balance, old_counted, new_counted, old_deposit,
    new_deposit, old_loan, new_loan, old_count, new_count)
SELECT id, 0, false, branch_id, customer_id, account_id, sub_no, product_id, changed, 1, maturity_date, auto_rollover,
       'own', 'open', balance, balance, changed, balance, changed, 0, 0, 1, 1
FROM (SELECT h.*, ((id * 15485863) % 90000000) / 100.0 AS changed FROM customers_holding h WHERE id % 3 = 0) h
