-- One hash per table that files fill, by the bank's own numbers: ids come from sequences, cipher texts from chance.
SELECT 'customers' AS name, md5(string_agg(t::text, E'\n' ORDER BY t.customer_no)) AS hash FROM (
    SELECT customer_no, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams, mobile_index, mobile_mask,
           mobile_cipher IS NULL AS no_mobile, address_index, address_mask, open_date, close_date, status
    FROM customers_customer) t
UNION ALL
SELECT 'accounts', md5(string_agg(t::text, E'\n' ORDER BY t.account_no_index)) FROM (
    SELECT a.account_no_index, c.customer_no, a.branch_id, a.account_no_mask, a.account_no_cipher IS NULL AS no_number,
           a.open_date, a.close_date, a.status
    FROM customers_account a JOIN customers_customer c ON c.id = a.customer_id) t
UNION ALL
SELECT 'holders', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT a.account_no_index, c.customer_no, h.role, h.branch_id FROM customers_accountholder h
    JOIN customers_account a ON a.id = h.account_id JOIN customers_customer c ON c.id = h.customer_id) t
UNION ALL
SELECT 'holdings', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT a.account_no_index, h.sub_no, h.branch_id, h.product_id, h.balance, h.maturity_date, h.status
    FROM customers_holding h JOIN customers_account a ON a.id = h.account_id) t
UNION ALL
SELECT 'changes', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT c.customer_no, h.sub_no, b.as_of, b.old_balance, b.new_balance, b.old_counted, b.new_counted
    FROM customers_balancechange b JOIN customers_customer c ON c.id = b.customer_id
    JOIN customers_holding h ON h.id = b.holding_id) t
UNION ALL
SELECT 'metrics', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT c.customer_no, m.branch_id, m.aum, m.deposit, m.product_count, m.since_date, m.month_days, m.tier
    FROM customers_metrics m JOIN customers_customer c ON c.id = m.customer_id) t
UNION ALL
SELECT 'moves', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT s.scheme_id, c.customer_no, s.as_of, s.old_rank, s.new_rank, s.metric_value, s.cause
    FROM segments_tierchange s JOIN customers_customer c ON c.id = s.customer_id) t
UNION ALL
SELECT 'alerts', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT c.customer_no, a.branch_id, a.kind, a.severity, a.amount, a.due_date, a.state, a.raised_on
    FROM customers_alert a JOIN customers_customer c ON c.id = a.customer_id) t
UNION ALL
SELECT 'figures', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT as_of, branch_id, scheme_id, rank, customers, aum FROM segments_dayfigure) t
UNION ALL
SELECT 'loads', string_agg(t::text, ' ' ORDER BY t::text) FROM (
    SELECT spec, as_of, rows_read, rows_rejected, rows_changed FROM customers_feedload WHERE state = 'published') t
UNION ALL
SELECT 'working tables', (SELECT count(*) FROM night_customer)::text || (SELECT count(*) FROM night_account)
    || (SELECT count(*) FROM night_holder) || (SELECT count(*) FROM night_holding)
    || (SELECT count(*) FROM night_metrics) || (SELECT count(*) FROM night_tier)
