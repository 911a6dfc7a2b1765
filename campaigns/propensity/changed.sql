-- Those of whom anything has changed since the scores of `since`, which were written at `at`: the day's changes, contacts
-- that were made or noted or have left a window of features.sql, alerts, and who may be scored again.
SELECT c.id AS key, c.id AS customer_id, %(day)s::date AS day, 'phone' AS channel
FROM campaigns_scorable c WHERE c.status = 'active' AND c.id IN (
    SELECT customer_id FROM customers_balancechange WHERE as_of > %(since)s
    UNION ALL
    SELECT t.customer_id FROM segments_tierscheme s JOIN segments_tierchange t ON t.scheme_id = s.id
    WHERE t.as_of > %(since)s
    UNION ALL
    SELECT customer_id FROM archives_contactlog
    WHERE contacted_at >= (%(since)s::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    UNION ALL
    SELECT customer_id FROM archives_contactlog WHERE recorded_at >= %(at)s
    UNION ALL
    SELECT l.customer_id
    FROM (VALUES (90), (365)) w(days) JOIN archives_contactlog l
      ON l.contacted_at >= (%(since)s::date + 1 - w.days)::timestamp AT TIME ZONE 'Asia/Shanghai'
     AND l.contacted_at < (%(day)s::date - w.days)::timestamp AT TIME ZONE 'Asia/Shanghai'
    UNION ALL
    SELECT customer_id FROM customers_alert
    WHERE raised_on > %(since)s OR closed_on > %(since)s OR (due_date > %(since)s AND due_date < %(day)s)
    UNION ALL
    SELECT id FROM customers_customer WHERE open_date > %(since)s
    UNION ALL
    SELECT id FROM customers_customer WHERE profiling_opt_out_at >= %(at)s
    UNION ALL
    SELECT customer_id FROM archives_consent WHERE recorded_at >= %(at)s)
