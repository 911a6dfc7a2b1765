-- The next time that each important date of a customer comes, soonest first; also what is noted but lies behind.
SELECT DISTINCT ON (d.row, d.kind) d.kind, d.row, d.lunar, d.note, o.day, d.solar IS NOT NULL AS has_solar,
       extract(year FROM o.day)::int - extract(year FROM d.solar)::int AS years
FROM archives_care_dates(%(customer)s) d
CROSS JOIN LATERAL archives_occurrences(d.kind, d.solar, d.lunar, d.exam_year, %(day)s::date, %(until)s::date) o(day)
ORDER BY d.row, d.kind, o.day
