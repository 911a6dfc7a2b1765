-- From score to place: how many percent of a branch's customers in the scheme score less. Equal scores, equal places;
-- never more than a fifth of a branch are at 80 or above.
UPDATE night_measure n SET value = p.place
FROM (
    SELECT scheme_id, customer_id,
           trunc(100.0 * (rank() OVER (PARTITION BY scheme_id, branch_id ORDER BY value) - 1)
                 / count(*) OVER (PARTITION BY scheme_id, branch_id), 2) AS place
    FROM night_measure WHERE scheme_id = ANY (%(schemes)s)
) p
WHERE n.scheme_id = p.scheme_id AND n.customer_id = p.customer_id
