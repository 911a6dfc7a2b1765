-- Which type of maintenance people have decided of a customer, in the gradings that are in force. The grade goes first, for it
-- says how often; then the habit, then the preference. The ordinary grade comes last, for it asks for nothing of its own. Who
-- refuses profiling is graded by nobody. Asked as a set: a night asks for everybody who is planned for.
CREATE VIEW archives_decided_type WITH (security_invoker = true) AS
SELECT DISTINCT ON (d.customer_id) d.customer_id, p.id AS plan_type_id
FROM (
    SELECT DISTINCT ON (n.customer_id, n.grading_id) n.customer_id, n.grading_id, n.grade
    FROM segments_gradedecision n ORDER BY n.customer_id, n.grading_id, n.id DESC) d
JOIN segments_grading g ON g.id = d.grading_id AND g.is_active AND g.needs_people
JOIN archives_plantype p ON p.code = d.grade AND p.is_active
JOIN customers_customer c ON c.id = d.customer_id AND NOT c.profiling_opt_out
ORDER BY d.customer_id, p.code = 'normal', array_position('{grade,habit,preference}'::text[], p.dimension::text), p.id;

-- The type that balances say, where people have decided none: by what the bank earns of the customer.
CREATE FUNCTION archives_type_by_balances(deposit numeric, loan numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN deposit * 0.008 >= 0.6 * (deposit * 0.008 + loan * 0.02) AND deposit > 0 THEN 'deposit_reliant'
        WHEN loan * 0.02 >= 0.6 * (deposit * 0.008 + loan * 0.02) AND loan > 0 THEN 'loan_reliant'
        ELSE 'balanced' END
$$;

DROP VIEW archives_customer_type;

-- The important dates of a customer: those of the archive, by row; then, as row 0, what the core bank knows of birth and
-- opening, unless the archive has a day of that kind (the day that the customer keeps goes before the one on the document).
-- The fields are found once for a statement, their values by one look into the index.
CREATE OR REPLACE FUNCTION archives_care_dates(of_customer bigint)
RETURNS TABLE (kind text, "row" integer, solar date, lunar integer, exam_year integer, note text)
LANGUAGE sql STABLE AS $$
    WITH noted AS (
        SELECT v.row, max(v.keys[1]) FILTER (WHERE f.key = 'date_kind') AS kind,
               max(v.day) FILTER (WHERE f.key = 'date_solar') AS solar,
               max(v.number) FILTER (WHERE f.key = 'date_lunar')::int AS lunar,
               max(v.number) FILTER (WHERE f.key = 'date_year')::int AS exam_year,
               max(v.text) FILTER (WHERE f.key = 'date_note') AS note
        FROM archives_archivevalue v JOIN archives_archivefield f ON f.id = v.field_id
        WHERE v.customer_id = of_customer AND v.replaced_at IS NULL AND v.is_filled
          AND v.field_id = ANY (ARRAY(SELECT id FROM archives_archivefield WHERE section = 'dates' AND is_active))
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
