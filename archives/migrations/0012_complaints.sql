-- The one place that says who has an open complaint: while one is, nobody is to sell the customer anything. As a set, and
-- asked of one customer.
CREATE VIEW archives_open_complaint WITH (security_invoker = true) AS
SELECT customer_id FROM archives_complaint WHERE NOT (state = 'closed') AND customer_id IS NOT NULL;
CREATE FUNCTION has_open_complaint(asked bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM archives_open_complaint c WHERE c.customer_id = asked)
$$;

-- Paused plans follow the customer's main owner like open ones.
CREATE OR REPLACE FUNCTION archives_plans_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE archives_maintenanceplan p SET owner_id = n.owner_id
    FROM now_own n
    WHERE n.role = 'main' AND n.until IS NULL AND p.customer_id = n.customer_id AND p.state IN ('planned', 'paused')
      AND p.owner_id <> n.owner_id;
    RETURN NULL;
END
$$;
