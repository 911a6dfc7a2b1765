-- Months of a branch's authors, or of one author: contacts that count, flaws by kind, and what the flaws take off, in
-- whole contacts. What was judged reasonable takes nothing off; a contact loses no more than itself.
WITH entered AS (
    SELECT staff_id, date_trunc('month', day)::date AS month, sum(contacts) AS contacts
    FROM archives_contactday
    WHERE day >= %(first)s AND day < %(next)s AND (branch_id = %(branch)s OR %(branch)s IS NULL)
      AND (staff_id = %(staff)s OR %(staff)s IS NULL)
    GROUP BY 1, 2
), flaws AS (
    SELECT m.staff_id, date_trunc('month', m.day)::date AS month, m.log_id,
           bool_or(m.kind = 'alike') AS alike, bool_or(m.kind = 'burst') AS burst,
           bool_or(m.kind = 'no_next') AS no_next, bool_or(m.kind = 'no_change') AS no_change
    FROM archives_contactmark m
    WHERE m.day >= %(first)s AND m.day < %(next)s AND (m.branch_id = %(branch)s OR %(branch)s IS NULL)
      AND (m.staff_id = %(staff)s OR %(staff)s IS NULL)
      AND NOT EXISTS (SELECT FROM archives_contactverdict v WHERE v.finding_id = m.finding_id AND v.kind = 'reasonable')
    GROUP BY 1, 2, 3
), taken AS (
    SELECT staff_id, month, count(*) FILTER (WHERE alike) AS alike, count(*) FILTER (WHERE burst) AS burst,
           count(*) FILTER (WHERE no_next) AS no_next, count(*) FILTER (WHERE no_change) AS no_change,
           sum(least(100, alike::int * %(off_alike)s + burst::int * %(off_burst)s + no_next::int * %(off_no_next)s
                          + no_change::int * %(off_no_change)s)) AS off
    FROM flaws GROUP BY 1, 2
)
SELECT e.staff_id, u.name, u.staff_no, e.month, e.contacts::int, coalesce(t.alike, 0) AS alike,
       coalesce(t.burst, 0) AS burst, coalesce(t.no_next, 0) AS no_next, coalesce(t.no_change, 0) AS no_change,
       coalesce(t.off, 0)::int AS off
FROM entered e JOIN organization_user u ON u.id = e.staff_id LEFT JOIN taken t USING (staff_id, month)
ORDER BY e.month DESC, u.staff_no
LIMIT %(most)s
