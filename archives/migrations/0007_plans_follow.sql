-- Open plans follow the customer's main owner, whoever wrote the change: a person, a bulk job and its undo, or the night.
-- A trigger, because those write in several places below this package; one statement for all rows of a change.
CREATE FUNCTION archives_plans_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE archives_maintenanceplan p SET owner_id = n.owner_id
    FROM now_own n
    WHERE n.role = 'main' AND n.until IS NULL AND p.customer_id = n.customer_id AND p.state = 'planned'
      AND p.owner_id <> n.owner_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER plans_follow AFTER INSERT ON customers_ownership
    REFERENCING NEW TABLE AS now_own FOR EACH STATEMENT EXECUTE FUNCTION archives_plans_follow();
