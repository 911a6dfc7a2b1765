-- The business date in whose figures a change of this moment counts: the day after the newest published one, and a day
-- more while a night counts its members. Until the transaction ends no night begins to count: what it counts is whole.
-- Each statement of a volatile function sees what is committed by then: the day is read again once the lock is held.
CREATE OR REPLACE FUNCTION segments_open_day() RETURNS date LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    published date;
BEGIN
    SELECT max(business_date) INTO published FROM public.jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL;
    IF pg_try_advisory_xact_lock_shared(hashtextextended('segments.counting', 0)) THEN
        SELECT max(business_date) INTO published
        FROM public.jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL;
        RETURN coalesce(published + 1, (now() AT TIME ZONE 'Asia/Shanghai')::date);
    END IF;
    RETURN coalesce(published + 1, (now() AT TIME ZONE 'Asia/Shanghai')::date) + 1;
END $$;

-- As before, but a judgement that runs meanwhile is not waited for. It cannot see the refusal, nor the refusal whom it
-- lets in; once it is committed it takes this lock alone, waits for those who hold it now, and takes them out.
CREATE OR REPLACE FUNCTION segments_opted_out() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('segments.refusals', 0));
    WITH gone AS MATERIALIZED (
        DELETE FROM public.segments_segmentmember WHERE customer_id = NEW.id
        RETURNING segment_id, customer_id, branch_id, since, version
    ), opened AS MATERIALIZED (
        SELECT public.segments_open_day() AS day FROM (SELECT count(*) FROM gone) g
    )
    INSERT INTO public.segments_segmentchange (segment_id, customer_id, branch_id, as_of, is_in, since, cause, conditions,
                                               version, staff_id)
    SELECT segment_id, customer_id, branch_id, day, false, since, 'opted_out', 0, version,
           nullif(current_setting('crm.user', true), '')::bigint
    FROM gone, opened;
    RETURN NULL;
END $$;
