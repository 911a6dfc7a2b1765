-- Which contacts are judged at all: what counts as an effective contact and was written by somebody who answers for
-- customers. A correction is no contact of its own, and history of another system was not typed here. The one place for this; the night reads nothing else.
CREATE VIEW archives_counted_contact WITH (security_invoker = true) AS
    SELECT l.id, u.branch_id, l.staff_id, l.customer_id, l.contacted_at, l.recorded_at,
           (l.recorded_at AT TIME ZONE 'Asia/Shanghai')::date AS day, l.channel, l.outcome, l.summary, l.next_action,
           l.next_date
    FROM archives_contactlog l JOIN organization_user u ON u.id = l.staff_id
    WHERE l.corrects_id IS NULL AND l.imported_from = '' AND u.role <> 'lobby_manager' AND l.channel <> 'sms'
      AND l.outcome <> 'not_reached' AND l.outcome <> 'received';
-- A verdict is said of what is open, or after a talk that it was reasonable; never by the author; never changed.
CREATE FUNCTION archives_verdict_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found archives_contactfinding;
    before archives_contactverdict;
BEGIN
    SELECT * INTO found FROM archives_contactfinding WHERE id = NEW.finding_id;
    SELECT * INTO before FROM archives_contactverdict
    WHERE finding_id = NEW.finding_id AND number = NEW.number - 1;
    IF found.branch_id IS DISTINCT FROM NEW.branch_id OR NOT coalesce(
        (NEW.number = 1 AND NEW.kind IN ('reasonable', 'talk')) OR (before.kind = 'talk' AND NEW.kind = 'reasonable'), false)
    THEN
        RAISE EXCEPTION 'this cannot be said of the finding now' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.actor_id = found.staff_id THEN
        RAISE EXCEPTION 'nobody judges the own contacts' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER verdict_guard BEFORE INSERT ON archives_contactverdict
    FOR EACH ROW EXECUTE FUNCTION archives_verdict_guard();
CREATE FUNCTION archives_verdict_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'verdicts are appended, never changed' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER verdict_stays BEFORE UPDATE ON archives_contactverdict
    FOR EACH ROW EXECUTE FUNCTION archives_verdict_stays();
