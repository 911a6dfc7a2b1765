-- What managers noted of a third of their customers: of every field that suits, some; of a section of rows all or nothing.
-- A part was noted before and has changed since, so that there is something to look back at.
CREATE TEMP TABLE demo_known ON COMMIT DROP AS
SELECT o.customer_id, o.branch_id, o.owner_id, f.id AS field_id, f.kind, CASE WHEN is_rowed THEN 1 ELSE 0 END AS row,
       CASE WHEN f.kind IN ('choice', 'multi', 'band') THEN f.options -> floor(dice * jsonb_array_length(f.options))::int ->> 'key'
            WHEN f.key = 'pay_day' THEN (1 + floor(dice * 28))::text
            WHEN f.key = 'other_rate' THEN round(1.2 + dice::numeric * 1.6, 2)::text
            WHEN f.key = 'farm_month' THEN (1 + floor(dice * 12))::text
            WHEN f.kind = 'number' THEN (5 + floor(dice * 200))::text
            WHEN f.key = 'date_solar' THEN (date '1985-01-01' + floor(dice * 14000)::int)::text
            WHEN f.kind = 'date' THEN (%(as_of)s::date + 3 + floor(dice * 360)::int)::text
            WHEN f.kind = 'lunar' THEN (1 + floor(dice * 12)) || '-' || (1 + floor(pg_temp.chance(o.customer_id, 762) * 29))
            WHEN f.key IN ('other_bank', 'company_payroll_bank', 'merchant_acquirer')
                THEN (ARRAY['工行', '农行', '建行', '邮储', '招行'])[1 + floor(dice * 5)::int]
            ELSE (ARRAY['按季度看一次', '和家里人商量后定', '年底前再联系', '有熟人介绍'])[1 + floor(dice * 4)::int] END AS text,
       CASE WHEN pg_temp.chance(o.customer_id * 128 + f.id, 763) < 0.75 THEN 'said' ELSE 'observed' END AS source,
       greatest(%(as_of)s::date - floor(pg_temp.chance(o.customer_id * 16 + length(f.section), 764) ^ 2 * 420)::int,
                %(as_of)s::date - 360) AS known_on,
       pg_temp.chance(o.customer_id * 128 + f.id, 765) < 0.12 AS has_older
FROM demo_owner o JOIN customers_customer c ON c.id = o.customer_id
CROSS JOIN archives_archivefield f
CROSS JOIN LATERAL (SELECT f.section IN ('other_banks', 'dates', 'needs') AS is_rowed,
                           pg_temp.chance(o.customer_id * 128 + f.id, 761) AS dice) d
WHERE f.kind <> 'system' AND f.sensitivity = 'C1' AND f.key <> 'date_year' AND pg_temp.chance(o.customer_id, 760) < 0.35
  AND (f.applies_to IN ('all', c.customer_type) OR (f.applies_to = 'merchant' AND c.is_merchant))
  AND pg_temp.chance(o.customer_id * 128 + CASE WHEN is_rowed THEN length(f.section) ELSE f.id END, 766) < 0.55;
INSERT INTO archives_archivevalue (branch_id, customer_id, field_id, row, text, number, day, keys, is_filled, source,
                                   recorder_id, known_on, recorded_at, replaced_at)
SELECT branch_id, customer_id, field_id, row, text, CASE WHEN kind = 'number' THEN text::numeric
            WHEN kind = 'lunar' THEN split_part(text, '-', 1)::int * 100 + split_part(text, '-', 2)::int END,
       CASE WHEN kind = 'date' THEN text::date END,
       CASE WHEN kind IN ('choice', 'multi', 'band') THEN ARRAY[text] END, true, source, owner_id, known_on,
       (known_on + time '10:20') AT TIME ZONE 'Asia/Shanghai', NULL
FROM demo_known
UNION ALL
SELECT k.branch_id, k.customer_id, k.field_id, k.row, f.options -> 0 ->> 'key', NULL, NULL,
       ARRAY[f.options -> 0 ->> 'key'], true, 'observed', k.owner_id, k.known_on - 120,
       (k.known_on - 120 + time '15:05') AT TIME ZONE 'Asia/Shanghai',
       (k.known_on + time '10:20') AT TIME ZONE 'Asia/Shanghai'
FROM demo_known k JOIN archives_archivefield f ON f.id = k.field_id
WHERE k.has_older AND k.kind IN ('choice', 'multi') AND k.text <> f.options -> 0 ->> 'key'
ORDER BY 13
