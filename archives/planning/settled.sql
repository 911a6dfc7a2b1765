-- What stands as the steps ask for it, and what people have closed, is not written again.
DELETE FROM night_plan n USING archives_maintenanceplan p
WHERE p.customer_id = n.customer_id AND p.episode = n.episode
  AND CASE WHEN p.state = 'planned' THEN p.wanted_date = n.wanted_date
           ELSE p.cause NOT IN ('not_asked', 'customer_closed') END
