-- The counters of the months in which a window was open at the published day before, or is tonight.
DELETE FROM campaigns_retentionfigure WHERE month >= %(since)s;

INSERT INTO campaigns_retentionfigure (
    branch_id, owner_id, month, is_contacted, rows, principal, renewed, invested, idle, gone, renewed_rows,
    invested_rows, idle_rows, gone_rows, open_rows, open_since, young_rows, young_principal)
SELECT held_branch_id, held_owner_id, date_trunc('month', maturity_date::timestamp)::date, is_contacted,
       count(*) FILTER (WHERE NOT is_young), coalesce(sum(principal) FILTER (WHERE NOT is_young), 0),
       coalesce(sum(renewed) FILTER (WHERE NOT is_young), 0), coalesce(sum(invested) FILTER (WHERE NOT is_young), 0),
       coalesce(sum(idle) FILTER (WHERE NOT is_young), 0), coalesce(sum(gone) FILTER (WHERE NOT is_young), 0),
       count(*) FILTER (WHERE NOT is_young AND renewed > 0), count(*) FILTER (WHERE NOT is_young AND invested > 0),
       count(*) FILTER (WHERE NOT is_young AND idle > 0), count(*) FILTER (WHERE NOT is_young AND gone > 0),
       count(*) FILTER (WHERE NOT is_young AND final_on > %(as_of)s),
       min(maturity_date) FILTER (WHERE NOT is_young AND final_on > %(as_of)s),
       count(*) FILTER (WHERE is_young), coalesce(sum(principal) FILTER (WHERE is_young), 0)
FROM campaigns_maturity CROSS JOIN LATERAL (SELECT provisional_on > %(as_of)s AS is_young) y
WHERE maturity_date >= %(since)s
GROUP BY 1, 2, 3, 4
