-- The database roles. Idempotent; run once per server as a superuser (a bank's DBA: psql -f roles.sql), then
-- set a password for each login role, CREATE DATABASE crm OWNER crm_owner, and run database.sql in that database.
--
-- crm_owner   DDL and migrations; owns the database (CREATEDB: the tests make databases of their own)
-- crm_app     the web; row-level security binds it
-- crm_hq      no login; what crm_app switches to for head office, for whom every branch is visible
-- crm_batch   the night; sees all rows
-- crm_backup  reads everything for dumps, writes nothing
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['crm_owner', 'crm_app', 'crm_hq', 'crm_batch', 'crm_backup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I', role_name);
        END IF;
    END LOOP;
END
$$;

ALTER ROLE crm_owner LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE crm_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE crm_hq NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE crm_batch LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE crm_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;

-- INHERIT FALSE is essential: with inheritance the head-office policies would apply to every request at once.
GRANT crm_hq TO crm_app WITH INHERIT FALSE, SET TRUE;
GRANT pg_read_all_data TO crm_backup;
