-- What each database needs beyond the roles of roles.sql. Idempotent; run in the database as a superuser.
-- The embedded server also runs it in template1, so that a database made by any other means has the same.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
DO $$
BEGIN
    IF current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' THEN
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
    END IF;
END
$$;

-- The search by name asks an index of bigrams with @>, that by phone tail one of right(…). Under row-level security PostgreSQL
-- asks an index only with what is leakproof; these functions tell nothing of a value in an error, but are not marked so.
ALTER FUNCTION pg_catalog.arraycontains(anyarray, anyarray) LEAKPROOF;
ALTER FUNCTION pg_catalog.right(text, integer) LEAKPROOF;
-- A long list goes on from an amount: without these it would be read from the top.
ALTER FUNCTION pg_catalog.numeric_lt(numeric, numeric) LEAKPROOF;
ALTER FUNCTION pg_catalog.numeric_le(numeric, numeric) LEAKPROOF;
ALTER FUNCTION pg_catalog.numeric_gt(numeric, numeric) LEAKPROOF;
ALTER FUNCTION pg_catalog.numeric_ge(numeric, numeric) LEAKPROOF;

ALTER SCHEMA public OWNER TO crm_owner;
GRANT USAGE ON SCHEMA public TO crm_app, crm_hq, crm_batch, crm_backup;

-- The night's working tables; the web role has no way in.
CREATE SCHEMA IF NOT EXISTS staging AUTHORIZATION crm_batch;
ALTER SCHEMA staging OWNER TO crm_batch;
GRANT USAGE ON SCHEMA staging TO crm_backup;

ALTER DEFAULT PRIVILEGES FOR ROLE crm_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO crm_app, crm_hq, crm_batch;
-- The night empties its delta tables and analyzes what it has loaded.
ALTER DEFAULT PRIVILEGES FOR ROLE crm_owner IN SCHEMA public GRANT TRUNCATE, MAINTAIN ON TABLES TO crm_batch;
ALTER DEFAULT PRIVILEGES FOR ROLE crm_owner IN SCHEMA public GRANT SELECT ON TABLES TO crm_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE crm_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO crm_app, crm_hq, crm_batch;
ALTER DEFAULT PRIVILEGES FOR ROLE crm_owner IN SCHEMA public GRANT SELECT ON SEQUENCES TO crm_backup;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO crm_app, crm_batch, crm_backup', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO crm_batch', current_database());
END
$$;
