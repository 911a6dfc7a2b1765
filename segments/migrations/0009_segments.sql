-- Who refuses profiling (PIPL 24) leaves every segment in the transaction that says so, whoever writes it.
CREATE FUNCTION segments_opted_out() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH gone AS (
        DELETE FROM public.segments_segmentmember WHERE customer_id = NEW.id
        RETURNING segment_id, customer_id, branch_id, since, version
    )
    INSERT INTO public.segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions,
                                               version, staff_id)
    SELECT segment_id, customer_id, branch_id, public.segments_open_day(), false, since, 'opted_out', 0, version,
           nullif(current_setting('crm.user', true), '')::bigint
    FROM gone;
    RETURN NULL;
END $$;

-- The business date in whose figures a change of this moment counts: the day after the newest published one.
CREATE FUNCTION segments_open_day() RETURNS date LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT max(business_date) + 1 FROM public.jobs_jobrun
                     WHERE job = 'nightly' AND published_at IS NOT NULL), (now() AT TIME ZONE 'Asia/Shanghai')::date)
$$;

CREATE TRIGGER segments_opted_out AFTER UPDATE OF profiling_opt_out ON customers_customer
FOR EACH ROW WHEN (NEW.profiling_opt_out AND NOT OLD.profiling_opt_out) EXECUTE FUNCTION segments_opted_out();
