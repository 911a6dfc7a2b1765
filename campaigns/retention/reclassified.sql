-- A product that counts otherwise from tonight on moves no money: the bases of open windows follow it, so that what it
-- shifts between the classes, into AUM or out of it is nobody's renewal and no loss.
WITH eves AS (
    -- As bases are reckoned (open.sql): on the eve of what matured since the published day, earlier ones have run out.
    SELECT DISTINCT customer_id, greatest(maturity_date, %(previous)s::date + 1) AS day
    FROM campaigns_maturity WHERE ends_on >= %(as_of)s
), shift AS (
    SELECT h.customer_id, e.day,
           sum(h.balance * (now_is.term - was.term)) AS term, sum(h.balance * (now_is.other - was.other)) AS other,
           sum(h.balance * (now_is.total - was.total)) AS total
    FROM night_product q
    JOIN customers_product p ON p.id = q.product_id
    JOIN customers_holding h ON h.product_id = q.product_id AND h.funding_source = 'own'
    JOIN eves e ON e.customer_id = h.customer_id
    CROSS JOIN LATERAL (
        SELECT (h.maturity_date IS NULL OR h.maturity_date >= e.day
                OR (coalesce(h.auto_rollover, false) AND h.maturity_date <= %(previous)s)) AS is_live,
               p.counted_in_aum AND p.counted_class NOT IN ('loan', 'card', 'e_banking') AS counted,
               q.counts_in_aum AND q.product_class NOT IN ('loan', 'card', 'e_banking') AS counts) c
    CROSS JOIN LATERAL (
        SELECT (counted AND is_live AND p.counted_class IN ('time', 'large_cd', 'notice'))::int AS term,
               (counted AND is_live AND p.counted_class NOT IN ('demand', 'time', 'large_cd', 'notice'))::int AS other,
               counted::int AS total) was
    CROSS JOIN LATERAL (
        SELECT (counts AND is_live AND q.product_class IN ('time', 'large_cd', 'notice'))::int AS term,
               (counts AND is_live AND q.product_class NOT IN ('demand', 'time', 'large_cd', 'notice'))::int AS other,
               counts::int AS total) now_is
    GROUP BY h.customer_id, e.day
)
UPDATE campaigns_maturity m SET
    base_term = m.base_term + s.term, late_base_term = m.late_base_term + s.term,
    base_other = m.base_other + s.other, late_base_other = m.late_base_other + s.other,
    base_total = m.base_total + s.total, late_base_total = m.late_base_total + s.total
FROM shift s
WHERE m.customer_id = s.customer_id AND greatest(m.maturity_date, %(previous)s::date + 1) = s.day
  AND m.ends_on >= %(as_of)s AND (s.term, s.other, s.total) <> (0, 0, 0);

-- What matured since then is released in the class that its product has now.
UPDATE campaigns_maturity m SET product_class = q.product_class
FROM night_product q
WHERE q.product_id = m.product_id AND m.maturity_date > %(previous)s AND m.product_class <> q.product_class
