-- The next time that each important date of a customer comes, with the name that its kind has in the archive.
SELECT DISTINCT ON (d.row, d.kind) d.kind, d.row, d.lunar, d.note, o.day,
       extract(year FROM o.day)::int - extract(year FROM d.solar)::int AS years,
       k.option ->> 'zh_hans' AS zh_hans, k.option ->> 'zh_hant' AS zh_hant, k.option ->> 'en' AS en
FROM archives_care_dates(%(customer)s) d
CROSS JOIN LATERAL archives_occurrences(d.kind, d.solar, d.lunar, d.exam_year, %(day)s::date, %(until)s::date) o(day)
LEFT JOIN LATERAL (
    SELECT option FROM archives_archivefield f, jsonb_array_elements(f.options) option
    WHERE f.key = 'date_kind' AND option ->> 'key' = d.kind) k ON true
ORDER BY d.row, d.kind, o.day
