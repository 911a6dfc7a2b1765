-- The week, unless the calendar says otherwise.
CREATE FUNCTION organization_is_workday(asked date) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT w.is_working FROM public.organization_workday w WHERE w.day = asked),
                    extract(isodow FROM asked) < 6)
$$;

-- The day itself where the bank works on it, else the first working day after it, or before it.
CREATE FUNCTION organization_next_workday(asked date) RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WHILE NOT public.organization_is_workday(asked) LOOP asked := asked + 1; END LOOP;
    RETURN asked;
END
$$;
CREATE FUNCTION organization_previous_workday(asked date) RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WHILE NOT public.organization_is_workday(asked) LOOP asked := asked - 1; END LOOP;
    RETURN asked;
END
$$;

-- That many working days later, or earlier where `days` is negative; 0 asks for the next working day.
CREATE FUNCTION organization_add_workdays(asked date, days integer) RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    step integer := CASE WHEN days < 0 THEN -1 ELSE 1 END;
BEGIN
    IF days = 0 THEN RETURN public.organization_next_workday(asked); END IF;
    FOR counted IN 1..abs(days) LOOP
        asked := asked + step;
        WHILE NOT public.organization_is_workday(asked) LOOP asked := asked + step; END LOOP;
    END LOOP;
    RETURN asked;
END
$$;
