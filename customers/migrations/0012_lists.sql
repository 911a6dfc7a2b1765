-- A view is read by those whom it was published to; stars and jobs are their owner's alone.
ALTER TABLE customers_savedview ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers_savedview FORCE ROW LEVEL SECURITY;
CREATE POLICY readers ON customers_savedview FOR SELECT TO crm_app USING (
    CASE audience
        WHEN 'own' THEN owner_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint)
        WHEN 'branch' THEN branch_id = ANY ((SELECT
            string_to_array(nullif(current_setting('crm.branches', true), ''), ',')::bigint[])::bigint[])
        WHEN 'role' THEN role = (SELECT current_setting('crm.role', true))
        ELSE (SELECT nullif(current_setting('crm.user', true), '')) IS NOT NULL
    END);
CREATE POLICY writers ON customers_savedview TO crm_app USING (
    CASE audience
        WHEN 'own' THEN owner_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint)
        WHEN 'branch' THEN (SELECT current_setting('crm.role', true)) = 'branch_manager' AND branch_id = ANY ((SELECT
            string_to_array(nullif(current_setting('crm.branches', true), ''), ',')::bigint[])::bigint[])
        ELSE false
    END);
CREATE POLICY head_office ON customers_savedview TO crm_hq USING (
    audience <> 'own' OR owner_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint));

ALTER TABLE customers_star ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers_star FORCE ROW LEVEL SECURITY;
CREATE POLICY own_stars ON customers_star TO crm_app USING (
    user_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint)
    AND branch_id = ANY ((SELECT
        string_to_array(nullif(current_setting('crm.branches', true), ''), ',')::bigint[])::bigint[]));
CREATE POLICY head_office ON customers_star TO crm_hq USING (
    user_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint));

ALTER TABLE customers_bulkjob ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers_bulkjob FORCE ROW LEVEL SECURITY;
CREATE POLICY own_jobs ON customers_bulkjob TO crm_app, crm_hq USING (
    actor_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint));
REVOKE DELETE ON customers_bulkjob, customers_bulkitem FROM crm_app, crm_hq;
