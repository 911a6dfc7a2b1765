-- Main owners that are not the open ones.
INSERT INTO night_ownership (customer_id, load_id, branch_id, owner_id, since)
SELECT s.customer_id, %(load)s, s.branch_id, s.owner_id, coalesce(s.since, %(as_of)s)
FROM stage_owner s
LEFT JOIN customers_ownership o ON o.customer_id = s.customer_id AND o.until IS NULL AND o.role = 'main'
WHERE o.owner_id IS DISTINCT FROM s.owner_id
ON CONFLICT (customer_id) DO UPDATE SET load_id = excluded.load_id, branch_id = excluded.branch_id,
    owner_id = excluded.owner_id, since = excluded.since
