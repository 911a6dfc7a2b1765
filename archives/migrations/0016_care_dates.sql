-- Month * 100 + day: what a day that comes each year is found by. The demand for it is by index, so it is immutable.
CREATE FUNCTION archives_month_day(asked date) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT extract(month FROM asked)::int * 100 + extract(day FROM asked)::int
$$;

-- The days from `first` to `last` on which an important date comes. `lunar` is month * 100 + day of the lunar calendar,
-- 10000 more for a leap month, and goes before the solar date. The one place that says when a date comes:
-- * an exam or a retirement comes once: on its day, an exam of which only the year is known on the day of the parameter;
-- * all else comes each year, the first time in the year after it happened;
-- * born on 29 February: in a common year the 28th; day 30 of a lunar month with 29 days: the 29th; a leap month: in years
--   that have it, in others the ordinary month of its number.
CREATE FUNCTION archives_occurrences(kind text, solar date, lunar integer, exam_year integer, first date, last date)
RETURNS SETOF date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(solar, (SELECT make_date(exam_year, e.month, e.day) FROM archives_examday e
                            WHERE e.exam = kind AND e.from_year <= exam_year ORDER BY e.from_year DESC LIMIT 1)) AS day
    WHERE kind = ANY ('{gaokao,zhongkao,exam,retirement}')
      AND coalesce(solar, (SELECT make_date(exam_year, e.month, e.day) FROM archives_examday e
                           WHERE e.exam = kind AND e.from_year <= exam_year ORDER BY e.from_year DESC LIMIT 1))
          BETWEEN first AND last
    UNION ALL
    SELECT m.first_day + least(lunar % 100, m.days) - 1
    FROM archives_lunarmonth m
    WHERE kind <> ALL ('{gaokao,zhongkao,exam,retirement}') AND lunar IS NOT NULL AND m.month = lunar % 10000 / 100
      AND m.first_day BETWEEN first - 30 AND last
      AND m.first_day + least(lunar % 100, m.days) - 1 BETWEEN first AND last
      AND m.is_leap = (lunar > 10000 AND EXISTS (
          SELECT FROM archives_lunarmonth l WHERE l.year = m.year AND l.month = m.month AND l.is_leap))
    UNION ALL
    SELECT d.day FROM generate_series(extract(year FROM first)::int, extract(year FROM last)::int) year
    CROSS JOIN LATERAL (
        SELECT (solar + make_interval(years => year - extract(year FROM solar)::int))::date AS day) d
    WHERE kind <> ALL ('{gaokao,zhongkao,exam,retirement}') AND lunar IS NULL
      AND d.day BETWEEN first AND last AND d.day > solar
$$;

-- The important dates of a customer: those of the archive, by row; then, as row 0, what the core bank knows of birth and
-- opening, unless the archive has a day of that kind (the day that the customer keeps goes before the one on the document).
CREATE FUNCTION archives_care_dates(of_customer bigint)
RETURNS TABLE (kind text, "row" integer, solar date, lunar integer, exam_year integer, note text)
LANGUAGE sql STABLE AS $$
    WITH noted AS (
        SELECT v.row, max(v.keys[1]) FILTER (WHERE f.key = 'date_kind') AS kind,
               max(v.day) FILTER (WHERE f.key = 'date_solar') AS solar,
               max(v.number) FILTER (WHERE f.key = 'date_lunar')::int AS lunar,
               max(v.number) FILTER (WHERE f.key = 'date_year')::int AS exam_year,
               max(v.text) FILTER (WHERE f.key = 'date_note') AS note
        FROM archives_archivevalue v JOIN archives_archivefield f ON f.id = v.field_id
        WHERE v.customer_id = of_customer AND v.replaced_at IS NULL AND v.is_filled AND f.section = 'dates' AND f.is_active
        GROUP BY v.row
    ), dated AS (
        SELECT * FROM noted WHERE noted.kind IS NOT NULL
          AND (noted.solar IS NOT NULL OR noted.lunar IS NOT NULL OR noted.exam_year IS NOT NULL)
    )
    SELECT d.kind, d.row, d.solar, d.lunar, d.exam_year, coalesce(d.note, '') FROM dated d
    UNION ALL
    SELECT 'birthday', 0, c.birth_date, NULL, NULL, '' FROM customers_customer c
    WHERE c.id = of_customer AND c.birth_date IS NOT NULL AND NOT EXISTS (SELECT FROM dated d WHERE d.kind = 'birthday')
    UNION ALL
    SELECT 'anniversary', 0, c.open_date, NULL, NULL, '' FROM customers_customer c
    WHERE c.id = of_customer AND c.open_date IS NOT NULL AND NOT EXISTS (SELECT FROM dated d WHERE d.kind = 'anniversary')
$$;

-- Whose date comes into sight: days of the lunar calendar, days that come each year, and openings.
CREATE INDEX archive_value_number ON archives_archivevalue (field_id, number)
    WHERE replaced_at IS NULL AND number IS NOT NULL;
CREATE INDEX archive_value_month_day ON archives_archivevalue (field_id, archives_month_day(day))
    WHERE replaced_at IS NULL AND day IS NOT NULL;
-- And whose dates were changed since the last night.
CREATE INDEX archive_value_recorded ON archives_archivevalue USING brin (recorded_at);
CREATE INDEX customer_opened_day ON customers_customer (archives_month_day(open_date)) WHERE open_date IS NOT NULL;

-- Days of the lunar calendar noted before can be compared now like those noted later.
CREATE POLICY lunar_numbers ON archives_archivevalue TO crm_owner USING (true) WITH CHECK (true);
UPDATE archives_archivevalue v
SET number = split_part(v.text, '-', 1)::int * 100 + split_part(v.text, '-', 2)::int
FROM archives_archivefield f
WHERE f.id = v.field_id AND f.kind = 'lunar' AND v.text ~ '^\d{1,2}-\d{1,2}$';
DROP POLICY lunar_numbers ON archives_archivevalue;
