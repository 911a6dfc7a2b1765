-- A target for the goal of a campaign has the days of the campaign: who ends the campaign early shortens all of its targets,
-- those of branches out of sight too.
CREATE FUNCTION campaigns_season_targets_end() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.campaigns_seasontarget SET last_day = NEW.ends_on
    WHERE campaign_id = NEW.id AND withdrawn_at IS NULL AND last_day > NEW.ends_on;
    RETURN NULL;
END
$$;
CREATE TRIGGER season_targets_end AFTER UPDATE OF ends_on ON campaigns_campaign FOR EACH ROW
    WHEN (NEW.launched_at IS NOT NULL AND NEW.ends_on < OLD.ends_on)
    EXECUTE FUNCTION campaigns_season_targets_end();

-- The function runs as the owner, whom FORCE binds too.
CREATE POLICY season ON campaigns_seasontarget TO crm_owner USING (true) WITH CHECK (true);

-- Those of campaigns that were ended early before.
UPDATE campaigns_seasontarget t SET last_day = c.ends_on
FROM campaigns_campaign c WHERE c.id = t.campaign_id AND t.withdrawn_at IS NULL AND t.last_day > c.ends_on;
