-- What matures on each of the coming days, by main owner as for the alerts.
DELETE FROM segments_ownerdue;

INSERT INTO segments_ownerdue (branch_id, owner_id, due_date, holdings, amount)
SELECT h.branch_id, o.owner_id, h.maturity_date, count(*), sum(h.balance)
FROM customers_holding h
LEFT JOIN customers_ownership o ON o.customer_id = h.customer_id AND o.role = 'main' AND o.since < %(as_of)s
                               AND (o.until IS NULL OR o.until >= %(as_of)s)
WHERE h.status = 'open' AND h.balance > 0 AND h.maturity_date BETWEEN %(as_of)s AND %(as_of)s + %(days)s
GROUP BY h.branch_id, o.owner_id, h.maturity_date
