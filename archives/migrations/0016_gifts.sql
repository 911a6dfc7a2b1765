-- The limit in force on a day; empty where there is none.
CREATE FUNCTION archives_gift_limit(asked text, of_tier integer, on_day date) RETURNS numeric LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT l.amount FROM public.archives_giftlimit l
    WHERE l.kind = asked AND l.tier IS NOT DISTINCT FROM of_tier AND l.effective_from <= on_day
    ORDER BY l.effective_from DESC LIMIT 1
$$;

-- What was given and not reversed, to a customer or by a member of staff, from a day to a day.
CREATE FUNCTION archives_gifts_given(to_customer bigint, by_staff bigint, first date, last date) RETURNS numeric
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(sum(g.value), 0)
    FROM public.archives_gift g
    JOIN public.archives_giftstep s ON s.gift_id = g.id AND s.kind = 'given' AND s.day BETWEEN first AND last
    WHERE (g.customer_id = to_customer OR g.staff_id = by_staff)
      AND NOT EXISTS (SELECT FROM public.archives_giftstep r WHERE r.gift_id = g.id AND r.kind = 'reversed')
$$;

-- The limits that a gift has to keep to, and what was given of them already: of the year to the customer, of the month by the
-- member of staff. One gift goes by the template of its plan, else by the tier of the customer.
CREATE FUNCTION archives_gift_room(to_customer bigint, by_staff bigint, of_plan bigint, on_day date)
RETURNS TABLE (gift numeric, customer_year numeric, year_given numeric, staff_month numeric, month_given numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(
               (SELECT t.gift_limit FROM public.archives_maintenanceplan p
                JOIN public.archives_maintenancetemplate t ON t.id = p.template_id
                WHERE p.id = of_plan AND p.customer_id = to_customer),
               (SELECT public.archives_gift_limit('gift', m.tier, on_day) FROM public.customers_metrics m
                WHERE m.customer_id = to_customer), 0),
           coalesce(public.archives_gift_limit('customer_year', NULL, on_day), 0),
           public.archives_gifts_given(to_customer, NULL, date_trunc('year', on_day::timestamp)::date,
                                       (date_trunc('year', on_day::timestamp) + interval '1 year')::date - 1),
           coalesce(public.archives_gift_limit('staff_month', NULL, on_day), 0),
           public.archives_gifts_given(NULL, by_staff, date_trunc('month', on_day::timestamp)::date,
                                       (date_trunc('month', on_day::timestamp) + interval '1 month')::date - 1)
$$;

-- Which limits a gift would go beyond. Whoever asks holds customer and staff until the transaction ends, so that of two
-- gifts at once the second is counted with the first. It sees all branches: a member of staff may have changed theirs.
CREATE FUNCTION archives_gift_over(
    to_customer bigint, by_staff bigint, asked numeric, of_plan bigint, on_day date
) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    room record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gift to ' || to_customer, 0));
    PERFORM pg_advisory_xact_lock(hashtextextended('gift by ' || by_staff, 0));
    SELECT * INTO room FROM public.archives_gift_room(to_customer, by_staff, of_plan, on_day);
    RETURN array_remove(ARRAY[
        CASE WHEN asked > room.gift THEN 'gift' END,
        CASE WHEN asked + room.year_given > room.customer_year THEN 'customer_year' END,
        CASE WHEN asked + room.month_given > room.staff_month THEN 'staff_month' END], NULL);
END
$$;
CREATE POLICY gift_limits ON archives_gift FOR SELECT TO crm_owner USING (true);
CREATE POLICY gift_limits ON archives_giftstep FOR SELECT TO crm_owner USING (true);
CREATE POLICY gift_limits ON archives_maintenanceplan FOR SELECT TO crm_owner USING (true);
CREATE POLICY gift_limits ON customers_metrics FOR SELECT TO crm_owner USING (true);
REVOKE ALL ON FUNCTION archives_gift_over FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archives_gift_over TO crm_app, crm_hq, crm_batch;

-- What may be done about a gift now. Within the limits it is given at once; beyond them another person approves first.
CREATE FUNCTION archives_gift_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gift public.archives_gift;
    before public.archives_giftstep;
BEGIN
    SELECT * INTO gift FROM public.archives_gift WHERE id = NEW.gift_id;
    SELECT * INTO before FROM public.archives_giftstep WHERE gift_id = NEW.gift_id AND number = NEW.number - 1;
    IF gift.customer_id IS DISTINCT FROM NEW.customer_id OR NOT coalesce(
        (NEW.number = 1 AND NEW.kind = ANY ('{given,approved,refused,withdrawn}'))
        OR (before.kind = 'approved' AND NEW.kind = ANY ('{given,withdrawn}'))
        OR (before.kind = 'given' AND NEW.kind = 'reversed'), false)
    THEN
        RAISE EXCEPTION 'this cannot be done about the gift now' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = ANY ('{approved,refused}') AND NEW.actor_id = gift.staff_id THEN
        RAISE EXCEPTION 'nobody approves the own gift' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'given' AND NEW.number = 1 AND public.archives_gift_over(
        gift.customer_id, gift.staff_id, gift.value, gift.plan_id, NEW.day) <> '{}'
    THEN
        RAISE EXCEPTION 'beyond a limit a gift is approved first' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER gift_guard BEFORE INSERT ON archives_giftstep FOR EACH ROW EXECUTE FUNCTION archives_gift_guard();

-- Appended for good: all that ever changes is the branch, which follows the customer.
CREATE FUNCTION archives_gift_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'branch_id' <> to_jsonb(OLD) - 'branch_id' THEN
        RAISE EXCEPTION 'gifts are appended, never changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER gift_stays BEFORE UPDATE ON archives_gift FOR EACH ROW EXECUTE FUNCTION archives_gift_stays();
CREATE TRIGGER gift_stays BEFORE UPDATE ON archives_giftstep FOR EACH ROW EXECUTE FUNCTION archives_gift_stays();
