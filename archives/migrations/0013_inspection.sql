-- What may be said of an archive that was drawn: first passed or returned, after a return handed in again, after that
-- passed or returned once more. Nobody judges an archive that is or was the own, nor what one handed in oneself.
CREATE FUNCTION archives_inspection_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    drawn archives_inspection;
    before archives_inspectionstep;
BEGIN
    SELECT * INTO drawn FROM archives_inspection WHERE id = NEW.inspection_id;
    SELECT * INTO before FROM archives_inspectionstep
    WHERE inspection_id = NEW.inspection_id AND number = NEW.number - 1;
    IF drawn.customer_id IS DISTINCT FROM NEW.customer_id OR NOT coalesce(
        (NEW.number = 1 AND NEW.kind IN ('passed', 'returned'))
        OR (before.kind = 'returned' AND NEW.kind = 'resubmitted')
        OR (before.kind = 'resubmitted' AND NEW.kind IN ('passed', 'returned')), false)
    THEN
        RAISE EXCEPTION 'this cannot be said of the inspection now' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind IN ('passed', 'returned') AND (
        NEW.actor_id = drawn.owner_id OR NEW.actor_id IS NOT DISTINCT FROM before.actor_id
        OR EXISTS (SELECT FROM customers_ownership o WHERE o.customer_id = NEW.customer_id
                   AND o.owner_id = NEW.actor_id AND o.role = 'main' AND o.until IS NULL))
    THEN
        RAISE EXCEPTION 'nobody inspects the own archive' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER inspection_guard BEFORE INSERT ON archives_inspectionstep
    FOR EACH ROW EXECUTE FUNCTION archives_inspection_guard();
-- Appended for good: not even the owner of the tables rewrites what was found.
CREATE FUNCTION archives_inspection_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'inspections are appended, never changed' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER inspection_stays BEFORE UPDATE ON archives_inspectionstep
    FOR EACH ROW EXECUTE FUNCTION archives_inspection_stays();
CREATE TRIGGER inspection_stays BEFORE UPDATE ON archives_inspection
    FOR EACH ROW EXECUTE FUNCTION archives_inspection_stays();
CREATE TRIGGER inspection_stays BEFORE UPDATE ON archives_inspectiondraw
    FOR EACH ROW EXECUTE FUNCTION archives_inspection_stays();
