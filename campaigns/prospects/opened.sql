-- Prospects whose number or document is that of a customer in tonight's files, opened since they were taken in: they have
-- come to an account. Where a document is known it decides: a relative on the same phone has another one. The numbers are the
-- customer's from now on; of who was found before, whom no correction of the day can undo any more, they go.
WITH kept AS (
    UPDATE campaigns_prospect SET mobile_cipher = NULL, mobile_index = NULL, id_no_index = NULL
    WHERE mobile_index IS NOT NULL AND converted_on < %(as_of)s
), came AS (
    SELECT p.id, c.id AS customer_id, 2 AS place
    FROM night_customer n
    JOIN customers_customer c ON c.id = n.customer_id
    JOIN campaigns_prospect p ON p.mobile_index = c.mobile_index
    WHERE p.converted_on IS NULL AND c.open_date >= (p.registered_at AT TIME ZONE 'Asia/Shanghai')::date
      AND (p.id_no_index IS NULL OR c.id_no_index IS NULL OR p.id_no_index = c.id_no_index)
    UNION ALL
    SELECT p.id, c.id, 1
    FROM night_customer n
    JOIN customers_customer c ON c.id = n.customer_id
    JOIN campaigns_prospect p ON p.id_no_index = c.id_no_index
    WHERE p.converted_on IS NULL AND c.open_date >= (p.registered_at AT TIME ZONE 'Asia/Shanghai')::date
), opened AS (
    UPDATE campaigns_prospect p
    SET stage = 'opened', stage_at = now(), converted_on = %(as_of)s, opened_as_id = first.customer_id
    FROM (SELECT DISTINCT ON (id) id, customer_id FROM came ORDER BY id, place, customer_id) first
    WHERE p.id = first.id AND p.converted_on IS NULL
    RETURNING p.id, p.branch_id, p.owner_id, p.introduced_by_id, p.opened_as_id
), introduced AS (
    -- Who introduced them stands at both ends, as when somebody notes it; nobody introduces themselves.
    INSERT INTO customers_relation (branch_id, customer_id, relation_type, related_customer_id, name, note)
    SELECT c.branch_id, e.customer_id, e.relation_type, e.related_id, '', ''
    FROM opened o
    CROSS JOIN LATERAL (VALUES (o.introduced_by_id, 'introduced', o.opened_as_id),
                               (o.opened_as_id, 'introducer', o.introduced_by_id)) e(customer_id, relation_type, related_id)
    JOIN customers_customer c ON c.id = e.customer_id
    WHERE o.introduced_by_id IS NOT NULL AND o.introduced_by_id <> o.opened_as_id
    ON CONFLICT DO NOTHING
)
INSERT INTO campaigns_prospectstep (branch_id, prospect_id, stage, note, owner_id, actor_id, at)
SELECT branch_id, id, 'opened', '', owner_id, NULL, now() FROM opened
