-- The lots of these customers of which something is left. Whatever takes from a lot, or gives back to it, names it.
CREATE FUNCTION campaigns_ledger_lots(of_customers bigint[])
RETURNS TABLE (lot_id bigint, branch_id bigint, customer_id bigint, entitlement_id bigint, expires_on date, unit_value numeric,
               source text, rest bigint) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(e.lot_id, e.id), min(e.branch_id), e.customer_id, e.entitlement_id, min(e.expires_on), min(e.unit_value),
           min(e.source) FILTER (WHERE e.kind = 'earn'), sum(e.quantity)
    FROM (SELECT DISTINCT unnest(of_customers) AS id) person
    JOIN public.campaigns_ledgerentry e ON e.customer_id = person.id
    GROUP BY e.customer_id, e.entitlement_id, coalesce(e.lot_id, e.id) HAVING sum(e.quantity) > 0
$$;

-- Write off what is left of lots whose last day is over on a day. Written twice it finds nothing.
CREATE FUNCTION campaigns_ledger_expire(of_customers bigint[], on_day date) RETURNS bigint LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH written AS (
        INSERT INTO public.campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, source, reason,
                                                  reference, unit_value, lot_id, at)
        SELECT branch_id, customer_id, entitlement_id, 'expire', -rest, on_day - 1, source, '',
               -- What the reversal of a use gave back to a lot expires once more.
               'expire:' || lot_id || ':' || (SELECT count(*) FROM public.campaigns_ledgerentry e
                                              WHERE e.customer_id = l.customer_id AND e.lot_id = l.lot_id),
               unit_value, lot_id, now()
        FROM public.campaigns_ledger_lots(of_customers) l WHERE expires_on < on_day
        ORDER BY customer_id, entitlement_id, lot_id
        RETURNING 1
    )
    SELECT count(*) FROM written
$$;

-- Hold a customer's balances until the transaction ends. It sees all branches, as the guard below does.
CREATE FUNCTION campaigns_ledger_hold(of_customer bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public.campaigns_ledgerbalance WHERE customer_id = of_customer ORDER BY id FOR UPDATE;
    IF NOT FOUND THEN  -- nothing to hold yet
        PERFORM pg_advisory_xact_lock(hashtextextended('ledger of ' || of_customer, 0));
    END IF;
END
$$;
REVOKE ALL ON FUNCTION campaigns_ledger_hold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION campaigns_ledger_hold TO crm_app, crm_hq, crm_batch;

-- What is left to a customer on a day, by entitlement, with what ends first.
CREATE FUNCTION campaigns_ledger_left(of_customer bigint, on_day date) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    WITH lot AS (
        SELECT entitlement_id, rest, expires_on, min(expires_on) OVER (PARTITION BY entitlement_id) AS first
        FROM public.campaigns_ledger_lots(ARRAY[of_customer]) WHERE expires_on >= on_day
    ), item AS (
        SELECT entitlement_id, sum(rest) AS rest, min(first) AS first, sum(rest) FILTER (WHERE expires_on = first) AS ending
        FROM lot GROUP BY entitlement_id
    )
    SELECT jsonb_agg(jsonb_build_object(
               'entitlement_id', i.entitlement_id, 'left', i.rest, 'expires_on', i.first, 'expiring', i.ending,
               'name_zh_hans', e.name_zh_hans, 'name_zh_hant', e.name_zh_hant, 'name_en', e.name_en)
               ORDER BY i.entitlement_id IS NULL, i.first, e.code)
    FROM item i LEFT JOIN public.campaigns_entitlement e ON e.id = i.entitlement_id
$$;

-- Points that members of staff gave a customer alone in the month of a day, and that nobody reversed.
CREATE FUNCTION campaigns_ledger_by_hand(to_customer bigint, on_day date) RETURNS bigint LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(sum(e.quantity), 0) FROM public.campaigns_ledgerentry e
    WHERE e.customer_id = to_customer AND e.kind = 'earn' AND e.source = 'manual' AND e.request_id IS NULL
      AND e.day >= date_trunc('month', on_day::timestamp)::date AND e.day <= on_day
      AND NOT EXISTS (SELECT FROM public.campaigns_ledgerentry r WHERE r.reverses_id = e.id)
$$;

-- What people write is looked at here too, whatever the pages did: nobody takes more from a lot than it has, or after its last
-- day; a reversal takes back one whole entry, of what was issued only while nothing of it is used; and points by hand keep to the
-- limit or to what a second person has granted.
CREATE FUNCTION campaigns_ledger_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    lot public.campaigns_ledgerentry;
    before public.campaigns_ledgerentry;
    rest bigint;
BEGIN
    PERFORM public.campaigns_ledger_hold(NEW.customer_id);
    SELECT * INTO lot FROM public.campaigns_ledgerentry WHERE id = NEW.lot_id AND kind = 'earn';
    SELECT coalesce(sum(quantity), 0) INTO rest FROM public.campaigns_ledgerentry
    WHERE customer_id = NEW.customer_id AND (id = NEW.lot_id OR lot_id = NEW.lot_id);
    IF NEW.kind <> 'earn' AND NOT coalesce(
        lot.customer_id = NEW.customer_id AND lot.entitlement_id IS NOT DISTINCT FROM NEW.entitlement_id
        AND lot.unit_value = NEW.unit_value AND rest + NEW.quantity BETWEEN 0 AND lot.quantity, false)
    THEN
        RAISE EXCEPTION 'more than the lot has' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'spend' AND lot.expires_on < NEW.day THEN
        RAISE EXCEPTION 'the last day of the lot is over' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'reverse' THEN
        SELECT * INTO before FROM public.campaigns_ledgerentry WHERE id = NEW.reverses_id;
        IF NOT coalesce(before.kind = ANY ('{earn,spend}') AND coalesce(before.lot_id, before.id) = NEW.lot_id
                        AND before.quantity = -NEW.quantity AND (before.kind = 'spend' OR before.expires_on >= NEW.day), false)
        THEN
            RAISE EXCEPTION 'this entry cannot be reversed' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.kind = 'earn' AND (NEW.entitlement_id IS NOT NULL OR NOT CASE
           WHEN NEW.request_id IS NULL THEN
               NEW.quantity + public.campaigns_ledger_by_hand(NEW.customer_id, NEW.day) <= coalesce(
                   (SELECT manual_limit FROM public.campaigns_pointsrule WHERE effective_from <= NEW.day
                    ORDER BY effective_from DESC LIMIT 1), 0)
           ELSE EXISTS (
               SELECT FROM public.campaigns_pointsrequest q WHERE q.id = NEW.request_id AND q.is_granted
                 AND q.customer_id = NEW.customer_id AND q.points = NEW.quantity AND q.decided_by_id <> q.asked_by_id)
           END)
    THEN
        RAISE EXCEPTION 'beyond the limit points need a second person' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_guard BEFORE INSERT ON campaigns_ledgerentry FOR EACH ROW
    WHEN (NEW.kind = 'spend' OR NEW.kind = 'reverse' OR (NEW.kind = 'earn' AND NEW.source = 'manual'))
    EXECUTE FUNCTION campaigns_ledger_guard();

-- From a page people write in their own name, and no more than they do there: issuing by tier, campaign or rule is the night's.
CREATE FUNCTION campaigns_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER ledger_by_people BEFORE INSERT ON campaigns_ledgerentry FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq')
          AND (NEW.staff_id::text IS DISTINCT FROM current_setting('crm.user', true) OR NEW.kind = 'expire'
               OR (NEW.kind = 'earn' AND NEW.source <> 'manual')))
    EXECUTE FUNCTION campaigns_ledger_refuse('from a page people write what they do themselves');
CREATE TRIGGER ledger_stays BEFORE DELETE ON campaigns_ledgerentry FOR EACH ROW
    EXECUTE FUNCTION campaigns_ledger_refuse('the ledger is appended, never changed');
-- All that ever changes is the branch, which follows the customer.
CREATE TRIGGER ledger_stays_as_written BEFORE UPDATE ON campaigns_ledgerentry FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'branch_id' <> to_jsonb(OLD) - 'branch_id')
    EXECUTE FUNCTION campaigns_ledger_refuse('the ledger is appended, never changed');

-- The balances follow what a statement has appended, all of it at once. The rows are held in one order, so that the night and
-- an import do not wait for each other.
CREATE FUNCTION campaigns_ledger_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.campaigns_ledgerbalance (branch_id, customer_id, entitlement_id, balance)
    SELECT min(branch_id), customer_id, entitlement_id, 0 FROM added
    GROUP BY customer_id, entitlement_id ORDER BY customer_id, entitlement_id
    ON CONFLICT (customer_id, entitlement_id) DO NOTHING;
    PERFORM FROM public.campaigns_ledgerbalance b WHERE b.customer_id IN (SELECT customer_id FROM added)
    ORDER BY b.customer_id, b.id FOR UPDATE;
    UPDATE public.campaigns_ledgerbalance b SET balance = b.balance + a.quantity
    FROM (SELECT customer_id, entitlement_id, sum(quantity) AS quantity FROM added GROUP BY customer_id, entitlement_id) a
    WHERE b.customer_id = a.customer_id AND b.entitlement_id IS NOT DISTINCT FROM a.entitlement_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_count AFTER INSERT ON campaigns_ledgerentry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_ledger_count();

-- The functions above run as the owner, whom FORCE binds too.
CREATE POLICY ledger ON campaigns_ledgerentry TO crm_owner USING (true) WITH CHECK (true);
CREATE POLICY ledger ON campaigns_ledgerbalance TO crm_owner USING (true) WITH CHECK (true);
CREATE POLICY ledger ON campaigns_pointsrequest FOR SELECT TO crm_owner USING (true);
