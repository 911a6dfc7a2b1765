-- Rules and requests: the web never changes what was asked for, only what was seen, decided and done.
REVOKE INSERT, UPDATE, DELETE ON customers_ownershiprule, customers_poolrule, customers_ownershiprequest,
  customers_ownershipmove FROM crm_app, crm_hq;
GRANT INSERT, UPDATE ON customers_ownershiprule TO crm_app, crm_hq;
GRANT INSERT, UPDATE (simulated, simulated_on, activated_by_id, activated_at) ON customers_poolrule TO crm_app, crm_hq;
GRANT INSERT, UPDATE (state, total, fingerprint, decided_by_id, decided_at, refusal, job_id, as_of, settled)
  ON customers_ownershiprequest TO crm_app, crm_hq;
GRANT INSERT, UPDATE (to_owner_id, aum, outcome, moved_at, note, told_on, told_by_id)
  ON customers_ownershipmove TO crm_app, crm_hq;

-- A job that carries a request out runs for whoever approved it; whoever sees the request sees how far it is.
CREATE POLICY jobs_of_requests ON customers_bulkjob FOR SELECT TO crm_app, crm_hq USING (
    (action = 'handover' OR action = 'recycle') AND (SELECT current_setting('crm.role', true)) = 'branch_manager'
    AND EXISTS (SELECT FROM customers_ownershiprequest r WHERE r.job_id = customers_bulkjob.id));
CREATE POLICY undo_of_requests ON customers_bulkjob FOR UPDATE TO crm_app, crm_hq USING (
    (action = 'handover' OR action = 'recycle') AND (SELECT current_setting('crm.role', true)) = 'branch_manager'
    AND EXISTS (SELECT FROM customers_ownershiprequest r WHERE r.job_id = customers_bulkjob.id));
