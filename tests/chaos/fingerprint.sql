-- One hash per published table, without the numbers that sequences gave and the clock.
SELECT 'metrics' AS name, md5(string_agg(t::text, E'\n' ORDER BY t.customer_id)) AS hash FROM customers_metrics t
UNION ALL
SELECT 'holdings', md5(string_agg(t::text, E'\n' ORDER BY t.id)) FROM customers_holding t
UNION ALL
SELECT 'changes', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT customer_id, holding_id, as_of, old_balance, new_balance, old_counted, new_counted
    FROM customers_balancechange) t
UNION ALL
SELECT 'alerts', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT customer_id, branch_id, kind, episode, severity, amount, due_date, evidence, rule_version, clears_when,
           state, raised_on, updated_on, answer_by, closed_on, close_reason FROM customers_alert) t
UNION ALL
SELECT 'states', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT scheme_id, customer_id, branch_id, rank, since, months_below, best_in_window, is_watched, month_checked
    FROM segments_tierstate) t
UNION ALL
SELECT 'moves', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT scheme_id, customer_id, branch_id, as_of, old_rank, new_rank, metric_value, cause FROM segments_tierchange) t
UNION ALL
SELECT 'figures', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT as_of, branch_id, scheme_id, rank, customers, aum FROM segments_dayfigure) t
UNION ALL
SELECT 'members', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT segment_id, customer_id, branch_id, since, cause, conditions, version FROM segments_segmentmember) t
UNION ALL
SELECT 'member changes', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions, version
    FROM segments_segmentchange) t
UNION ALL
SELECT 'member figures', md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM (
    SELECT segment_id, branch_id, as_of, members, joined, "left", moved, aum FROM segments_segmentday) t
UNION ALL
SELECT 'working tables', (SELECT count(*) FROM night_holding)::text || (SELECT count(*) FROM night_metrics)
    || (SELECT count(*) FROM night_tier) || (SELECT count(*) FROM night_alert)
    || (SELECT count(*) FROM night_segment) || (SELECT count(*) FROM night_touched)
