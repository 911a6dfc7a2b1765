-- The archives in which the income is known, each with a chance from 0 to 1 of how much it is.
SELECT customer_id, branch_id, min(recorder_id) AS recorder_id, max(known_on) AS known_on,
       max(recorded_at) AS recorded_at, pg_temp.chance(customer_id, 767) AS chance
FROM archives_archivevalue WHERE replaced_at IS NULL AND pg_temp.chance(customer_id, 768) < 0.35
GROUP BY customer_id, branch_id ORDER BY customer_id LIMIT %(most)s
