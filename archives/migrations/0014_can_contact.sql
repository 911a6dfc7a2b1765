-- can_contact: the one rule that says who may be reached, for what, by which way, when. As sets for the night and lists, and
-- asked of one customer by pages and by the trigger on plans.

-- The ways by which the bank reaches out; in the branch, at an event or where they agreed to meet nobody is disturbed.
CREATE FUNCTION reaches_out(channel text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT channel = 'phone' OR channel = 'sms' OR channel = 'wecom' OR channel = 'home_visit'
$$;

-- The rules in force on a day, one of a purpose.
CREATE FUNCTION contact_rules(on_day date) RETURNS SETOF archives_contactrule LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT DISTINCT ON (r.purpose) r.* FROM archives_contactrule r WHERE r.effective_from <= on_day
    ORDER BY r.purpose, r.effective_from DESC
$$;

-- What each customer said last of a purpose and a channel.
CREATE VIEW archives_standing_consent WITH (security_invoker = true) AS
SELECT * FROM archives_consent c
WHERE NOT EXISTS (
    SELECT FROM archives_consent n
    WHERE n.customer_id = c.customer_id AND n.purpose = c.purpose AND n.channel = c.channel
      AND (n.at, n.id) > (c.at, c.id));

-- Each touch of marketing, made or planned: the bank reached out. Who was not reached was not touched; a contact that has
-- been corrected counts as its correction says.
CREATE VIEW archives_touch WITH (security_invoker = true) AS
SELECT l.customer_id, (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL::bigint AS plan_id
FROM archives_contactlog l
WHERE l.direction = 'outbound' AND l.outcome <> 'not_reached' AND reaches_out(l.channel)
  AND l.replaced_at IS NULL
  AND l.purpose IN (SELECT r.purpose FROM contact_rules((now() AT TIME ZONE 'Asia/Shanghai')::date) r
                    WHERE r.kind = 'marketing')
UNION ALL
SELECT p.customer_id, p.due_date, p.id
FROM archives_maintenanceplan p
WHERE (p.state = 'planned' OR p.state = 'paused') AND p.origin <> 'inspection' AND reaches_out(p.channel)
  AND p.purpose IN (SELECT r.purpose FROM contact_rules((now() AT TIME ZONE 'Asia/Shanghai')::date) r
                    WHERE r.kind = 'marketing');

-- Who may not be reached for a purpose by a way until they or somebody else says otherwise, and why. One SELECT, so that it
-- is inlined: the planner of the database sees through it, for one customer as for a million.
CREATE FUNCTION contact_refusals(purpose text, channel text, on_day date)
RETURNS TABLE (customer_id bigint, bar text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, CASE
        WHEN c.do_not_contact AND NOT r.despite_refusal AND (r.kind = 'marketing' OR channel = 'phone' OR channel = 'sms')
             THEN 'do_not_contact'
        WHEN EXISTS (
            SELECT FROM archives_standing_consent s
            WHERE s.customer_id = c.id AND NOT s.is_given AND (s.purpose = r.kind OR (s.purpose = '' AND s.channel <> ''))
              AND (s.channel = '' OR s.channel = contact_refusals.channel)
              AND (s.purpose <> '' OR NOT r.despite_refusal)) THEN 'refused'
        WHEN r.kind = 'marketing' AND c.customer_type = 'person'
             AND c.birth_date > (on_day - make_interval(years => r.of_age))::date
             AND NOT EXISTS (
                 SELECT FROM archives_standing_consent s
                 WHERE s.customer_id = c.id AND s.is_given AND s.evidence = 'guardian'
                   AND (s.purpose = r.kind OR s.purpose = '')
                   AND (s.channel = '' OR s.channel = contact_refusals.channel)) THEN 'minor'
        WHEN r.kind <> 'owed' AND EXISTS (SELECT FROM archives_open_complaint o WHERE o.customer_id = c.id)
             THEN 'complaint'
        WHEN r.needs_consent AND NOT EXISTS (
            SELECT FROM archives_standing_consent s
            WHERE s.customer_id = c.id AND s.is_given AND (s.purpose = r.kind OR s.purpose = '')
              AND (s.channel = '' OR s.channel = contact_refusals.channel)) THEN 'no_consent'
        END
    FROM customers_customer c CROSS JOIN contact_rules(on_day) r
    WHERE r.purpose = contact_refusals.purpose AND reaches_out(channel)
$$;

-- The first day from this one on, on which one more touch leaves no `days` days with more than `most`; with what is planned
-- (all but one plan), or only what was done.
CREATE FUNCTION contact_free_day(customer bigint, from_day date, most int, days int, planned boolean, but_plan bigint)
RETURNS date LANGUAGE sql STABLE AS $$
    WITH touches AS MATERIALIZED (
        SELECT t.day FROM archives_touch t
        WHERE t.customer_id = customer AND t.day > from_day - days
          AND (t.plan_id IS NULL OR (planned AND t.plan_id IS DISTINCT FROM but_plan))
    ), candidates AS (
        SELECT from_day AS day UNION SELECT t.day + days FROM touches t WHERE t.day + days > from_day
    )
    SELECT min(c.day) FROM candidates c
    WHERE NOT EXISTS (
        SELECT FROM generate_series(c.day - days + 1, c.day, interval '1 day') s(day)
        WHERE (SELECT count(*) FROM touches t WHERE t.day BETWEEN s.day::date AND s.day::date + days - 1) >= most)
$$;

-- May this customer be reached? The reason why not, and from when on it no longer holds where that is known. `planned`: for
-- a task on a day, which counts what else is planned (but the task `but_plan`) and does not know its hour.
CREATE FUNCTION contact_bar(customer bigint, purpose text, channel text, at timestamptz, planned boolean DEFAULT false,
                            but_plan bigint DEFAULT NULL, OUT bar text, OUT free_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    asked_on date := (at AT TIME ZONE 'Asia/Shanghai')::date;
    asked_at time := (at AT TIME ZONE 'Asia/Shanghai')::time;
    rule archives_contactrule;
    free_on date;
BEGIN
    SELECT f.bar INTO bar FROM contact_refusals(purpose, channel, asked_on) f WHERE f.customer_id = customer;
    IF bar IS NOT NULL OR NOT reaches_out(channel) THEN
        RETURN;
    END IF;
    SELECT r.* INTO rule FROM contact_rules(asked_on) r WHERE r.purpose = contact_bar.purpose;
    IF rule.kind = 'marketing' THEN
        free_on := contact_free_day(customer, asked_on, rule.most, rule.days, planned, but_plan);
        IF free_on > asked_on THEN
            bar := 'cap';
            free_at := (free_on + rule.first_hour) AT TIME ZONE 'Asia/Shanghai';
            RETURN;
        END IF;
    END IF;
    IF rule.kind <> 'owed' AND NOT planned AND NOT (asked_at >= rule.first_hour AND asked_at < rule.last_hour) THEN
        bar := 'hours';
        free_at := (asked_on + CASE WHEN asked_at < rule.first_hour THEN 0 ELSE 1 END + rule.first_hour)
            AT TIME ZONE 'Asia/Shanghai';
    END IF;
END
$$;

-- One at a time decides on a customer's touches: whoever is about to plan one holds this until the transaction ends.
CREATE FUNCTION hold_touches(customer bigint) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('archives_touch', customer))
$$;

-- The database asks again: a page that was read before the customer refused, and two who plan at once. A complaint lets a new
-- plan wait. A plan that is put off into days that are full stays where it is, and a closed one that would be opened again
-- for somebody who may not be reached stays closed (whoever did it looks at the row).
CREATE FUNCTION archives_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- The night asks the same of all its plans as sets (archives/planning), not row by row.
CREATE TRIGGER plan_guard BEFORE INSERT ON archives_maintenanceplan FOR EACH ROW
    WHEN (current_user <> 'crm_batch' AND NEW.origin <> 'inspection' AND (NEW.state = 'planned' OR NEW.state = 'paused'))
    EXECUTE FUNCTION archives_plan_guard();
CREATE TRIGGER plan_guard_moved BEFORE UPDATE OF due_date ON archives_maintenanceplan FOR EACH ROW
    WHEN (current_user <> 'crm_batch' AND NEW.origin <> 'inspection' AND NEW.due_date IS DISTINCT FROM OLD.due_date
          AND (NEW.state = 'planned' OR NEW.state = 'paused'))
    EXECUTE FUNCTION archives_plan_guard();
CREATE TRIGGER plan_guard_opened BEFORE UPDATE OF state ON archives_maintenanceplan FOR EACH ROW
    WHEN (current_user <> 'crm_batch' AND NEW.origin <> 'inspection' AND OLD.state <> 'planned' AND OLD.state <> 'paused'
          AND (NEW.state = 'planned' OR NEW.state = 'paused'))
    EXECUTE FUNCTION archives_plan_guard();

-- What was written of a contact stays; a correction is a row of its own.
CREATE FUNCTION archives_contact_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'contacts are corrected by a new row, never changed' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER contact_stays BEFORE UPDATE ON archives_contactlog FOR EACH ROW
    WHEN (to_jsonb(NEW) - '{branch_id,alert_id,bars,replaced_at}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{branch_id,alert_id,bars,replaced_at}'::text[])
    EXECUTE FUNCTION archives_contact_stays();

-- Appended for good, and what it says of any contact at all is what do_not_contact says.
CREATE FUNCTION archives_consent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consents are appended, never changed' USING ERRCODE = 'check_violation';
END
$$;
-- But the night carries a customer's rows to the branch that they moved to.
CREATE TRIGGER consent_stays BEFORE UPDATE ON archives_consent FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'branch_id' IS DISTINCT FROM to_jsonb(OLD) - 'branch_id') EXECUTE FUNCTION archives_consent_stays();
CREATE FUNCTION archives_consent_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customers_customer c SET do_not_contact = NOT NEW.is_given
    WHERE c.id = NEW.customer_id AND c.do_not_contact = NEW.is_given AND NOT EXISTS (
        SELECT FROM archives_consent n
        WHERE n.customer_id = NEW.customer_id AND n.purpose = '' AND n.channel = '' AND (n.at, n.id) > (NEW.at, NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER consent_said AFTER INSERT ON archives_consent FOR EACH ROW
    WHEN (NEW.purpose = '' AND NEW.channel = '') EXECUTE FUNCTION archives_consent_said();
