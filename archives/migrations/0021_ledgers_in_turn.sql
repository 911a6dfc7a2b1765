-- Of two who note at once what a customer said, the second waits and sees the first: without the lock neither saw the other's
-- row, and do_not_contact said what was older.
CREATE OR REPLACE FUNCTION archives_consent_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM customers_customer c WHERE c.id = NEW.customer_id FOR NO KEY UPDATE;
    UPDATE customers_customer c SET do_not_contact = NOT NEW.is_given
    WHERE c.id = NEW.customer_id AND c.do_not_contact = NEW.is_given AND NOT EXISTS (
        SELECT FROM archives_consent n
        WHERE n.customer_id = NEW.customer_id AND n.purpose = '' AND n.channel = '' AND (n.at, n.id) > (NEW.at, NEW.id));
    RETURN NULL;
END
$$;

-- The page shows what is left as the limit counts it: a member of staff's month goes on in another branch.
ALTER FUNCTION archives_gift_room(bigint, bigint, bigint, date) SECURITY DEFINER;
REVOKE ALL ON FUNCTION archives_gift_room FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archives_gift_room TO crm_app, crm_hq, crm_batch;

-- The days from `first` to `last` on which an important date comes. `lunar` is month * 100 + day of the lunar calendar,
-- 10000 more for a leap month, and goes before the solar date. The one place that says when a date comes:
-- * an exam or a retirement comes once: on its day, an exam of which only the year is known on the day of the parameter;
-- * all else comes each year, the first time in the year after it happened; another day (of no birth or
--   wedding) that lies ahead comes on that day;
-- * born on 29 February: in a common year the 28th; day 30 of a lunar month with 29 days: the 29th; a leap month: in years
--   that have it, in others the ordinary month of its number.
CREATE OR REPLACE FUNCTION archives_occurrences(kind text, solar date, lunar integer, exam_year integer, first date, last date)
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
      AND d.day BETWEEN first AND last AND (d.day > solar OR (d.day = solar AND kind = 'other'))
$$;
