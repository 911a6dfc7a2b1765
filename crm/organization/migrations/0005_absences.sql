-- Is a member of staff away on a day?
CREATE FUNCTION organization_is_away(staff bigint, asked date) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.organization_absence a
                   WHERE a.staff_id = staff AND asked BETWEEN a.first_day AND a.last_day)
$$;

-- The day itself where the bank works on it and this member of staff is there, else the first such day after it; or the last
-- one before it, as far as that is not before `not_before`, else none.
CREATE FUNCTION organization_next_day_there(staff bigint, asked date) RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WHILE NOT public.organization_is_workday(asked) OR public.organization_is_away(staff, asked) LOOP
        asked := asked + 1;
    END LOOP;
    RETURN asked;
END
$$;
CREATE FUNCTION organization_previous_day_there(staff bigint, asked date, not_before date) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WHILE asked >= not_before LOOP
        IF public.organization_is_workday(asked) AND NOT public.organization_is_away(staff, asked) THEN
            RETURN asked;
        END IF;
        asked := asked - 1;
    END LOOP;
    RETURN NULL;
END
$$;

-- Staff are seen by the branch that they are of now, and so are their absences.
ALTER TABLE organization_absence ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_absence FORCE ROW LEVEL SECURITY;
CREATE POLICY own_branches ON organization_absence TO crm_app USING (EXISTS (
    SELECT FROM organization_user u
    WHERE u.id = staff_id AND u.branch_id = ANY ((SELECT
        string_to_array(nullif(current_setting('crm.branches', true), ''), ',')::bigint[])::bigint[])));
CREATE POLICY head_office ON organization_absence TO crm_hq USING (true) WITH CHECK (true);
