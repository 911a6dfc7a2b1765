-- The contacts of each author's day, in sittings: an entry belongs to the sitting of the one before it unless more
-- minutes lie between. Only sittings that are long enough to be a finding are kept.
CREATE TEMP TABLE quality_sitting ON COMMIT DROP AS
WITH entered AS (
    SELECT *, recorded_at - lag(recorded_at) OVER entry > make_interval(mins => %(gap_minutes)s) AS opens
    FROM archives_counted_contact
    WHERE recorded_at >= %(begins)s AND recorded_at < %(ends)s
    WINDOW entry AS (PARTITION BY staff_id, day ORDER BY recorded_at, id)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY staff_id, day ORDER BY recorded_at, id) AS sitting
    FROM entered
), sized AS (
    SELECT *, count(*) OVER (PARTITION BY staff_id, day, sitting) AS size,
           row_number() OVER (PARTITION BY staff_id, day, sitting ORDER BY recorded_at, id) AS place
    FROM numbered
)
SELECT id, branch_id, staff_id, customer_id, day, sitting, place, contacted_at, recorded_at, summary,
       recorded_at - contacted_at > make_interval(mins => %(late_minutes)s) AS is_late,
       channel = 'phone' OR channel = 'face' OR channel = 'home_visit' AS is_talk
FROM sized WHERE size >= least(%(least_alike)s, %(least_burst)s);
-- Which contact belongs to which finding.
CREATE TEMP TABLE quality_member (log_id bigint, leader_id bigint, kind text) ON COMMIT DROP
