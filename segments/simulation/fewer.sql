-- Of all chunks together no more movers of a branch stay than of one.
DELETE FROM segments_simulatedmover d USING (
    SELECT id, row_number() OVER (PARTITION BY branch_id ORDER BY aum DESC, customer_id) AS place
    FROM segments_simulatedmover WHERE simulation_id = %(simulation)s
) ranked
WHERE d.id = ranked.id AND ranked.place > %(kept)s
