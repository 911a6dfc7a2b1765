-- Is a number, or a document, of a customer or a prospect of any branch? It tells no more than that, so that nobody learns
-- whose it is. It runs as the owner, whom FORCE binds too; customers_customer lets the owner in since 0010_kept_together.
CREATE POLICY number_known ON campaigns_prospect FOR SELECT TO crm_owner USING (true);
CREATE FUNCTION campaigns_number_known(asked_mobile bytea, asked_id_no bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.customers_customer WHERE mobile_index = asked_mobile)
        OR EXISTS (SELECT FROM public.customers_customer WHERE id_no_index = asked_id_no)
        OR EXISTS (SELECT FROM public.campaigns_prospect WHERE mobile_index = asked_mobile)
        OR EXISTS (SELECT FROM public.campaigns_prospect WHERE id_no_index = asked_id_no)
$$;
REVOKE ALL ON FUNCTION campaigns_number_known FROM PUBLIC;
GRANT EXECUTE ON FUNCTION campaigns_number_known TO crm_app, crm_hq, crm_batch;

-- Everybody who is asked has a turn.
ALTER TABLE campaigns_referral ADD CONSTRAINT a_turn_for_each CHECK (cardinality(turns) = cardinality(queue));
