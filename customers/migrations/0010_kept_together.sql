-- What belongs together may lie in two branches, since customers move; the web's role sees one of them. These two
-- functions see both, and do nothing but mend: anybody may call them for any row without harm.

-- They run as the owner, whom FORCE binds too.
CREATE POLICY kept_together ON customers_customer TO crm_owner USING (true) WITH CHECK (true);
CREATE POLICY kept_together ON customers_relation TO crm_owner USING (true) WITH CHECK (true);

-- Of a person noted by name twice by two saves at once, the first row stays.
DELETE FROM customers_relation r USING customers_relation earlier
WHERE r.related_customer_id IS NULL AND earlier.related_customer_id IS NULL AND r.id > earlier.id
  AND r.customer_id = earlier.customer_id AND r.relation_type = earlier.relation_type AND r.name = earlier.name;

-- customers.relations.INVERSE
CREATE FUNCTION customers_relation_inverse(relation_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE relation_type
        WHEN 'child' THEN 'parent' WHEN 'parent' THEN 'child'
        WHEN 'employer' THEN 'employee' WHEN 'employee' THEN 'employer'
        WHEN 'shareholder' THEN 'shareholding' WHEN 'shareholding' THEN 'shareholder'
        WHEN 'introducer' THEN 'introduced' WHEN 'introduced' THEN 'introducer'
        WHEN 'guarantor' THEN 'guaranteed' WHEN 'guaranteed' THEN 'guarantor'
        ELSE relation_type END
$$;

-- What one end has lost, the other loses too.
CREATE FUNCTION customers_relation_settle(p_customer_id bigint, p_related_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM public.customers_relation r
    WHERE r.customer_id = p_related_id AND r.related_customer_id = p_customer_id AND NOT EXISTS (
        SELECT FROM public.customers_relation o
        WHERE o.customer_id = p_customer_id AND o.related_customer_id = p_related_id
          AND o.relation_type = public.customers_relation_inverse(r.relation_type))
$$;

-- The last one left in a household is in none either.
CREATE FUNCTION customers_household_settle(p_household_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.customers_customer SET household_id = NULL
    WHERE household_id = p_household_id
      AND (SELECT count(*) FROM public.customers_customer WHERE household_id = p_household_id) = 1
$$;

REVOKE ALL ON FUNCTION customers_relation_settle, customers_household_settle FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_relation_settle, customers_household_settle TO crm_app, crm_hq;
