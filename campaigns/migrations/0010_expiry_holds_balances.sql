-- Hold the balances of many customers until the transaction ends, in the order of the ledger's own trigger: whoever uses
-- something at this moment is waited for, and a statement after this one sees it.
CREATE FUNCTION campaigns_ledger_hold_all(of_customers bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public.campaigns_ledgerbalance WHERE customer_id = ANY (of_customers) ORDER BY customer_id, id FOR UPDATE;
END
$$;
REVOKE ALL ON FUNCTION campaigns_ledger_hold_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION campaigns_ledger_hold_all TO crm_batch;

-- As before, and the balances are held first.
CREATE OR REPLACE FUNCTION campaigns_ledger_expire(of_customers bigint[], on_day date) RETURNS bigint LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT public.campaigns_ledger_hold_all(of_customers);
    WITH written AS (
        INSERT INTO public.campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, source, reason,
                                                  reference, unit_value, lot_id, at)
        SELECT branch_id, customer_id, entitlement_id, 'expire', -rest, on_day - 1, source, '',
               -- What the reversal of a use gave back to a lot expires once more.
               'expire:' || lot_id || ':' || (SELECT count(*) FROM public.campaigns_ledgerentry e
                                              WHERE e.customer_id = l.customer_id AND e.lot_id = l.lot_id),
               unit_value, lot_id, now()
        FROM public.campaigns_ledger_lots(of_customers) l WHERE expires_on < on_day
        ORDER BY customer_id, entitlement_id, lot_id
        RETURNING 1
    )
    SELECT count(*) FROM written
$$;
