-- A day is run again with corrected files: whose number or document is not, after all, that of the customer whom the first run
-- found is a prospect as before, with what people said last; nothing of the mistake stays.
WITH wrong AS (
    SELECT p.id, p.introduced_by_id, p.opened_as_id, s.stage, s.at
    FROM campaigns_prospect p
    LEFT JOIN customers_customer c ON c.id = p.opened_as_id
    CROSS JOIN LATERAL (SELECT stage, at FROM campaigns_prospectstep
                        WHERE prospect_id = p.id AND stage <> 'opened' ORDER BY id DESC LIMIT 1) s
    WHERE p.mobile_index IS NOT NULL AND p.converted_on = %(as_of)s
      AND (c.open_date >= (p.registered_at AT TIME ZONE 'Asia/Shanghai')::date
           AND (p.id_no_index = c.id_no_index
                OR p.mobile_index = c.mobile_index AND (p.id_no_index IS NULL OR c.id_no_index IS NULL))) IS NOT TRUE
), steps AS (
    DELETE FROM campaigns_prospectstep s USING wrong w WHERE s.prospect_id = w.id AND s.stage = 'opened'
), relations AS (
    DELETE FROM customers_relation r USING wrong w
    WHERE (r.customer_id = w.introduced_by_id AND r.related_customer_id = w.opened_as_id AND r.relation_type = 'introduced')
       OR (r.customer_id = w.opened_as_id AND r.related_customer_id = w.introduced_by_id AND r.relation_type = 'introducer')
)
UPDATE campaigns_prospect p SET stage = w.stage, stage_at = w.at, converted_on = NULL, opened_as_id = NULL
FROM wrong w WHERE p.id = w.id
