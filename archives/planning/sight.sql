-- Whose important dates, or money at another bank, come into sight, found by the days that do: each is looked up by an index, in the archive and with
-- the core bank. Who is seen without need costs a look, no plan.
INSERT INTO night_plan_seen (customer_id)
WITH days AS MATERIALIZED (
    SELECT DISTINCT (s.day - p.offset_days * interval '1 day')::date AS day
    FROM archives_planstep p
    CROSS JOIN generate_series(%(seen)s::date + 1, %(horizon)s::date, interval '1 day') s(day)
    WHERE p.is_active AND p.event = ANY (%(dates)s)
), keys AS MATERIALIZED (
    -- Who was born on a leap day is congratulated on the last of February.
    SELECT archives_month_day(day) AS key FROM days
    UNION SELECT 229 FROM days WHERE archives_month_day(day) = 228
), lunar_keys AS MATERIALIZED (
    -- The last day of a short month stands for day 30 as well, the ordinary month for a leap month of its number.
    SELECT m.month * 100 + number + leap AS key
    FROM days d JOIN archives_lunarmonth m ON d.day >= m.first_day AND d.day < m.first_day + m.days
    CROSS JOIN LATERAL (VALUES (d.day - m.first_day + 1), (CASE WHEN d.day = m.first_day + m.days - 1 THEN 30 END)) n(number)
    CROSS JOIN (VALUES (0), (10000)) l(leap)
    WHERE number IS NOT NULL
), exam_years AS MATERIALIZED (
    SELECT DISTINCT extract(year FROM d.day)::int AS key
    FROM days d JOIN archives_examday e ON e.month * 100 + e.day = archives_month_day(d.day)
), other_banks AS MATERIALIZED (
    SELECT DISTINCT (s.day - p.offset_days * interval '1 day')::date AS day
    FROM archives_planstep p
    CROSS JOIN generate_series(%(seen)s::date + 1, %(horizon)s::date, interval '1 day') s(day)
    WHERE p.is_active AND p.event = 'other_bank'
), fields AS MATERIALIZED (
    SELECT id, key FROM archives_archivefield WHERE section = 'dates' AND is_active
)
SELECT id FROM customers_customer WHERE birth_date IS NOT NULL
   AND (extract(month FROM birth_date)::int * 100 + extract(day FROM birth_date)::int) IN (SELECT key FROM keys)
UNION SELECT id FROM customers_customer WHERE open_date IS NOT NULL
   AND archives_month_day(open_date) IN (SELECT key FROM keys)
UNION SELECT v.customer_id FROM keys k
   JOIN archives_archivevalue v ON archives_month_day(v.day) = k.key
    AND v.replaced_at IS NULL AND v.day IS NOT NULL AND v.field_id = (SELECT id FROM fields WHERE key = 'date_solar')
UNION SELECT v.customer_id FROM lunar_keys k
   JOIN archives_archivevalue v ON v.number = k.key
    AND v.replaced_at IS NULL AND v.number IS NOT NULL AND v.field_id = (SELECT id FROM fields WHERE key = 'date_lunar')
UNION SELECT v.customer_id FROM exam_years k
   JOIN archives_archivevalue v ON v.number = k.key
    AND v.replaced_at IS NULL AND v.number IS NOT NULL AND v.field_id = (SELECT id FROM fields WHERE key = 'date_year')
UNION SELECT v.customer_id FROM other_banks b
   JOIN archives_archivevalue v ON archives_month_day(v.day) = archives_month_day(b.day) AND v.day = b.day
    AND v.replaced_at IS NULL AND v.field_id = (SELECT id FROM archives_archivefield WHERE key = 'other_maturity' AND is_active)
ON CONFLICT DO NOTHING
