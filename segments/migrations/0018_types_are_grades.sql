-- A type of maintenance that an administrator adds is a grade that people may choose from that moment on, in the grading of
-- its dimension; without a rule, so that nothing suggests it. The web role may add types and no grades: rules come with the
-- product. Its names follow, while they are the type's. Of two types added at once the second waits for its number.
CREATE FUNCTION segments_type_is_grade() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_dimension bigint;
BEGIN
    SELECT g.id INTO of_dimension FROM public.segments_grading g
    WHERE g.code = CASE NEW.dimension WHEN 'grade' THEN 'marketing_grade' WHEN 'habit' THEN 'purchase_habit'
                        ELSE 'product_preference' END
    FOR UPDATE;
    IF TG_OP = 'UPDATE' THEN
        UPDATE public.segments_grade
        SET name_zh_hans = NEW.name_zh_hans, name_zh_hant = NEW.name_zh_hant, name_en = NEW.name_en
        WHERE grading_id = of_dimension AND code = NEW.code AND rule IS NULL AND name_zh_hans = OLD.name_zh_hans
          AND name_zh_hant = OLD.name_zh_hant AND name_en = OLD.name_en;
    END IF;
    INSERT INTO public.segments_grade (grading_id, number, code, name_zh_hans, name_zh_hant, name_en, needs_manager)
    SELECT of_dimension, 1 + coalesce(max(number), 0), NEW.code, NEW.name_zh_hans, NEW.name_zh_hant, NEW.name_en, false
    FROM public.segments_grade WHERE grading_id = of_dimension
    HAVING of_dimension IS NOT NULL
    ON CONFLICT (grading_id, code) DO NOTHING;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION segments_type_is_grade FROM PUBLIC;
CREATE TRIGGER type_is_grade AFTER INSERT OR UPDATE ON archives_plantype
    FOR EACH ROW EXECUTE FUNCTION segments_type_is_grade();
-- Those that were added before.
UPDATE archives_plantype SET is_active = is_active WHERE length(code) <= 30;
