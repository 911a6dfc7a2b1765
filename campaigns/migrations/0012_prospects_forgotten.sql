-- Forget prospects who have no account yet: name, numbers and all notes go, calls that wait for them end; for the figures the
-- layer, the needs and the stage stay. It runs as its caller: the web forgets within its branches alone.
CREATE FUNCTION campaigns_forget(asked bigint[], on_day date, at_moment timestamptz) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE number bigint;
BEGIN
    UPDATE public.campaigns_prospect
    SET name = '', name_mask = '', sex = '', mobile_cipher = NULL, mobile_index = NULL, mobile_mask = '', id_no_index = NULL,
        note = '', introduced_by_id = NULL, forgotten_on = on_day
    WHERE id = ANY (asked) AND converted_on IS NULL AND forgotten_on IS NULL;
    GET DIAGNOSTICS number = ROW_COUNT;
    UPDATE public.campaigns_prospectstep s SET note = '' FROM public.campaigns_prospect p
    WHERE p.id = ANY (asked) AND p.forgotten_on IS NOT NULL AND s.prospect_id = p.id AND s.note <> '';
    UPDATE public.campaigns_referral r
    SET note = '', result_note = '',
        withdrawn_at = CASE WHEN r.accepted_at IS NULL THEN coalesce(r.withdrawn_at, at_moment) ELSE r.withdrawn_at END
    FROM public.campaigns_prospect p
    WHERE p.id = ANY (asked) AND p.forgotten_on IS NOT NULL AND r.prospect_id = p.id
      AND (r.note <> '' OR r.result_note <> '' OR (r.accepted_at IS NULL AND r.withdrawn_at IS NULL));
    RETURN number;
END
$$;

-- Who somebody is, is still not for the web to change: it may only forget, all at once, and nothing comes back.
CREATE FUNCTION campaigns_refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is only erased, with the prospect forgotten', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION campaigns_erase_notes_of_forgotten() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.note <> '' OR NOT EXISTS (SELECT FROM public.campaigns_prospect p
                                     WHERE p.id = OLD.prospect_id AND p.forgotten_on IS NOT NULL) THEN
        RAISE EXCEPTION '% is only erased, with the prospect forgotten', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER prospect_is_only_forgotten BEFORE UPDATE ON campaigns_prospect FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq')
          AND (OLD.name IS DISTINCT FROM NEW.name OR OLD.name_mask IS DISTINCT FROM NEW.name_mask
               OR OLD.sex IS DISTINCT FROM NEW.sex OR OLD.mobile_index IS DISTINCT FROM NEW.mobile_index
               OR OLD.mobile_mask IS DISTINCT FROM NEW.mobile_mask OR OLD.id_no_index IS DISTINCT FROM NEW.id_no_index
               OR OLD.note IS DISTINCT FROM NEW.note OR OLD.introduced_by_id IS DISTINCT FROM NEW.introduced_by_id
               OR OLD.forgotten_on IS DISTINCT FROM NEW.forgotten_on)
          AND NOT (OLD.converted_on IS NULL AND OLD.forgotten_on IS NULL AND NEW.forgotten_on IS NOT NULL
                   AND NEW.name = '' AND NEW.name_mask = '' AND NEW.sex = '' AND NEW.mobile_mask = '' AND NEW.note = ''
                   AND NEW.mobile_cipher IS NULL AND NEW.mobile_index IS NULL AND NEW.id_no_index IS NULL
                   AND NEW.introduced_by_id IS NULL))
    EXECUTE FUNCTION campaigns_refuse_to_rewrite();
CREATE TRIGGER note_is_only_erased BEFORE UPDATE ON campaigns_prospectstep FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq') AND NEW.note <> OLD.note)
    EXECUTE FUNCTION campaigns_erase_notes_of_forgotten();
CREATE TRIGGER note_is_only_erased BEFORE UPDATE ON campaigns_referral FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq') AND NEW.note <> OLD.note)
    EXECUTE FUNCTION campaigns_erase_notes_of_forgotten();
