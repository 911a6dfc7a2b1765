-- The trail can only grow: entries come in through audit_append, which chains their hashes under the head's row
-- lock; no role of the product may write the tables in any other way, and a trigger refuses change even to the owner.
REVOKE ALL ON audit_auditentry, audit_audithead FROM crm_app, crm_hq, crm_batch;
GRANT SELECT ON audit_auditentry TO crm_app, crm_hq;
GRANT SELECT ON audit_auditentry, audit_audithead TO crm_batch;

ALTER TABLE audit_auditentry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_auditentry FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_audithead ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_audithead FORCE ROW LEVEL SECURITY;
-- audit_append runs as the owner, whom FORCE binds too.
CREATE POLICY appended ON audit_auditentry TO crm_owner USING (true) WITH CHECK (true);
CREATE POLICY appended ON audit_audithead TO crm_owner USING (true) WITH CHECK (true);
CREATE POLICY auditor_reads ON audit_auditentry FOR SELECT TO crm_app
    USING ((SELECT current_setting('crm.role', true)) = 'auditor');
CREATE POLICY own_entries ON audit_auditentry FOR SELECT TO crm_app, crm_hq
    USING (actor_id = (SELECT nullif(current_setting('crm.user', true), '')::bigint));

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION audit_append(
    p_chain bigint, p_actor_id bigint, p_actor_no text, p_action text, p_customer_id bigint,
    p_object_type text, p_object_id text, p_detail jsonb, p_address inet
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_prev bytea;
    v_seq bigint;
    v_at timestamptz;
    v_hash bytea;
BEGIN
    SELECT seq, hash INTO v_seq, v_prev FROM public.audit_audithead WHERE chain = p_chain FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO public.audit_audithead (chain, seq, hash) VALUES (p_chain, 0, '') ON CONFLICT DO NOTHING;
        SELECT seq, hash INTO v_seq, v_prev FROM public.audit_audithead WHERE chain = p_chain FOR UPDATE;
    END IF;
    v_seq := v_seq + 1;
    v_at := clock_timestamp();
    -- The same expression stands in verify.sql: there it is recomputed from the stored row.
    v_hash := sha256(v_prev || convert_to(jsonb_build_array(
        p_chain, v_seq, (extract(epoch FROM v_at) * 1000000)::bigint, p_actor_id, p_actor_no, p_action, p_customer_id,
        p_object_type, p_object_id, p_detail, host(p_address))::text, 'UTF8'));
    INSERT INTO public.audit_auditentry (chain, seq, at, actor_id, actor_no, action, customer_id, object_type,
                                         object_id, detail, address, prev_hash, hash)
    VALUES (p_chain, v_seq, v_at, p_actor_id, p_actor_no, p_action, p_customer_id, p_object_type,
            p_object_id, p_detail, p_address, v_prev, v_hash);
    UPDATE public.audit_audithead SET seq = v_seq, hash = v_hash WHERE chain = p_chain;
    RETURN v_seq;
END
$$;
REVOKE ALL ON FUNCTION audit_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append TO crm_app, crm_batch;
