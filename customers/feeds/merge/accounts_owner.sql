-- Each account of the file once, with its owner: an account keeps the owner it was opened with.
CREATE TEMP TABLE account_of ON COMMIT DROP AS
SELECT DISTINCT ON (s.account_no_index) s.account_no_index, s.line, a.id AS known_id, o.id AS old_id,
       coalesce(a.customer_id, s.customer_id) AS customer_id, coalesce(known.branch_id, s.branch_id) AS branch_id,
       s.account_type, s.currency, s.open_date, s.close_date
FROM stage_account s
LEFT JOIN customers_account a ON a.account_no_index = s.account_no_index
LEFT JOIN old_night_account o ON o.account_no_index = s.account_no_index
LEFT JOIN LATERAL (
    SELECT coalesce(n.branch_id, c.branch_id) AS branch_id FROM customers_customer c
    LEFT JOIN night_customer n ON n.customer_id = c.id WHERE c.id = a.customer_id) known ON true
WHERE s.role = 'owner' OR a.id IS NOT NULL
ORDER BY s.account_no_index, (s.role = 'owner') DESC, s.line
