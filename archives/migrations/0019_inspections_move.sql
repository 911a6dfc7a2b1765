-- Appended for good: not even the owner of the tables rewrites what was found. Only the branch goes along with a customer
-- who changes it; a draw belongs to no customer, and stays.
CREATE OR REPLACE FUNCTION archives_inspection_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'archives_inspectiondraw'
        OR to_jsonb(NEW) - 'branch_id' IS DISTINCT FROM to_jsonb(OLD) - 'branch_id'
    THEN
        RAISE EXCEPTION 'inspections are appended, never changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
