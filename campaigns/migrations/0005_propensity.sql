-- Whom a model may learn from, and who may be scored, but for age and status: people who have refused neither profiling nor
-- to be called, for anything or for marketing.
CREATE VIEW campaigns_scorable WITH (security_invoker = true) AS
SELECT c.id, c.branch_id, c.birth_date, c.open_date, c.status
FROM customers_customer c
WHERE c.customer_type = 'person' AND NOT c.profiling_opt_out AND NOT c.do_not_contact AND NOT EXISTS (
    SELECT FROM archives_standing_consent s
    WHERE s.customer_id = c.id AND NOT s.is_given AND (s.purpose = '' OR s.purpose = 'marketing')
      AND (s.channel = '' OR s.channel = 'phone'));

-- Who refuses loses the score in the transaction that says so, whoever writes it. A scoring that runs meanwhile cannot see
-- the refusal; it looks again once it is committed (campaigns.propensity.scoring).
CREATE FUNCTION campaigns_unscore() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'customers_customer' THEN
        DELETE FROM public.campaigns_propensityscore WHERE customer_id = NEW.id;
    ELSE
        DELETE FROM public.campaigns_propensityscore WHERE customer_id = NEW.customer_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER campaigns_unscore AFTER UPDATE OF profiling_opt_out, do_not_contact, status ON customers_customer
    FOR EACH ROW WHEN ((NEW.profiling_opt_out AND NOT OLD.profiling_opt_out) OR (NEW.do_not_contact AND NOT OLD.do_not_contact)
                       OR (NEW.status <> 'active' AND OLD.status = 'active'))
    EXECUTE FUNCTION campaigns_unscore();
CREATE TRIGGER campaigns_unscore AFTER INSERT ON archives_consent
    FOR EACH ROW WHEN (NOT NEW.is_given AND (NEW.purpose = '' OR NEW.purpose = 'marketing')
                       AND (NEW.channel = '' OR NEW.channel = 'phone'))
    EXECUTE FUNCTION campaigns_unscore();
