-- What tiers are given on a day: to each customer, or to some, what their tier of now is given in the period, less what the tier
-- gave them in it before. A higher tier adds the difference, a lower one takes nothing back until the period is over. What
-- a person has reversed counts as given: the night does not give it again.
WITH term AS (
    SELECT DISTINCT ON (t.entitlement_id, t.tier) t.entitlement_id, t.tier, t.quantity, t.unit_value,
           p.begins, least(p.ends, coalesce(t.valid_to, p.ends)) AS ends
    FROM campaigns_entitlementterm t
    JOIN campaigns_entitlement e ON e.id = t.entitlement_id AND e.is_active
    CROSS JOIN LATERAL (
        SELECT b.begins::date, (b.begins + CASE t.period WHEN 'year' THEN interval '1 year' WHEN 'quarter' THEN interval '3 months'
                                           ELSE interval '1 month' END)::date - 1 AS ends
        FROM (SELECT date_trunc(t.period, %(day)s::timestamp) AS begins) b) p
    WHERE t.effective_from <= %(day)s
    ORDER BY t.entitlement_id, t.tier, t.effective_from DESC
), due AS MATERIALIZED (
    SELECT m.customer_id, c.branch_id, t.*
    FROM term t
    JOIN customers_metrics m ON m.tier = t.tier
    JOIN customers_customer c ON c.id = m.customer_id AND c.status = 'active'
    WHERE t.quantity > 0 AND t.ends >= %(day)s
      AND (%(customers)s::bigint[] IS NULL OR m.customer_id = ANY (%(customers)s::bigint[]))
), given AS (
    SELECT e.customer_id, e.entitlement_id, d.begins, sum(e.quantity) AS quantity,
           count(*) FILTER (WHERE e.kind = 'earn') AS times
    FROM due d
    JOIN campaigns_ledgerentry e ON e.customer_id = d.customer_id AND e.entitlement_id = d.entitlement_id
     AND e.day >= d.begins AND e.source = 'tier' AND (e.kind = 'earn' OR (e.kind = 'reverse' AND e.staff_id IS NULL))
    GROUP BY e.customer_id, e.entitlement_id, d.begins
)
INSERT INTO campaigns_ledgerentry (branch_id, customer_id, entitlement_id, kind, quantity, day, expires_on, source, reason,
                                   reference, unit_value, at)
SELECT d.branch_id, d.customer_id, d.entitlement_id, 'earn', d.quantity - coalesce(g.quantity, 0), %(day)s, d.ends, 'tier', '',
       'tier:' || d.entitlement_id || ':' || d.begins || ':' || d.customer_id || ':' || coalesce(g.times, 0), d.unit_value, now()
FROM due d LEFT JOIN given g USING (customer_id, entitlement_id, begins)
WHERE d.quantity > coalesce(g.quantity, 0)
ORDER BY d.customer_id, d.entitlement_id
