-- Tiers now, and at the end of each of the months before: customers, with coverage and averages for the newest night.
-- All branches are published together, so that the days of one of them are the days of all.
WITH shown AS (
    SELECT id FROM segments_tierscheme WHERE is_primary
), one AS (
    SELECT branch_id FROM segments_dayfigure
    WHERE branch_id = ANY (%(branches)s) AND scheme_id = (SELECT id FROM shown) AND as_of = %(as_of)s LIMIT 1
), day AS (
    SELECT month::date, (
        SELECT max(f.as_of) FROM segments_dayfigure f
        WHERE f.branch_id = (SELECT branch_id FROM one) AND f.scheme_id = (SELECT id FROM shown)
          AND f.as_of >= month::date AND f.as_of < (month + interval '1 month')::date AND f.as_of <= %(as_of)s) AS as_of
    FROM generate_series(%(first_month)s::timestamp, %(as_of)s::timestamp, interval '1 month') month
), figure AS (
    SELECT day.month, f.rank, sum(f.customers) AS customers
    FROM day JOIN segments_dayfigure f ON f.as_of = day.as_of
    WHERE f.branch_id = ANY (%(branches)s) AND f.scheme_id = (SELECT id FROM shown)
    GROUP BY 1, 2
), tier AS (
    SELECT rank, sum(covered) AS covered, sum(month_average) AS month_average
    FROM segments_ownertier WHERE branch_id = ANY (%(branches)s) GROUP BY 1
), move AS (
    SELECT month, sum(up) AS up, sum(down) AS down FROM segments_monthmoves
    WHERE branch_id = ANY (%(branches)s) AND month >= %(first_month)s GROUP BY 1
)
SELECT month, figure.rank, coalesce(figure.customers, 0)::int AS customers, coalesce(move.up, 0)::int AS up,
       coalesce(move.down, 0)::int AS down, tier.covered::int AS covered, tier.month_average
FROM figure FULL JOIN move USING (month) LEFT JOIN tier ON tier.rank = figure.rank
ORDER BY month, figure.rank
