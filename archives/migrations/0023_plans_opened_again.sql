-- The database asks again: a page that was read before the customer refused, and two who plan at once. A complaint lets a new
-- plan wait. A plan that is put off into days that are full stays where it is, and a closed one that would be opened again
-- for somebody who may not be reached stays closed (whoever did it looks at the row).
CREATE OR REPLACE FUNCTION archives_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    PERFORM hold_touches(NEW.customer_id);
    SELECT b.bar INTO found FROM contact_bar(
        NEW.customer_id, NEW.purpose, NEW.channel, NEW.due_date::timestamp AT TIME ZONE 'Asia/Shanghai', true, NEW.id) b;
    IF TG_OP = 'UPDATE' AND (OLD.state = 'planned' OR OLD.state = 'paused') THEN
        RETURN CASE WHEN found IS DISTINCT FROM 'cap' THEN NEW END;
    END IF;
    IF found = 'complaint' THEN
        NEW.state := 'paused';
        NEW.cause := 'complaint';
    ELSIF found IS NOT NULL AND TG_OP = 'UPDATE' THEN
        RETURN NULL;
    ELSIF found IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = 'this customer may not be reached so: ' || found,
            CONSTRAINT = 'customer_can_be_contacted', DETAIL = found;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER plan_guard_opened BEFORE UPDATE OF state ON archives_maintenanceplan FOR EACH ROW
    WHEN (current_user <> 'crm_batch' AND NEW.origin <> 'inspection' AND OLD.state <> 'planned' AND OLD.state <> 'paused'
          AND (NEW.state = 'planned' OR NEW.state = 'paused'))
    EXECUTE FUNCTION archives_plan_guard();
