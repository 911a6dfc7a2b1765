-- The four parts of every maturity whose window is open, of the customers whose holdings tonight's files moved or of whom
-- something matured since the day before.
-- Each window is reckoned from the eve (base_*) to tonight, of the whole customer: what came into term deposits is
-- renewal, what came into other assets is invested, what AUM lost has left the bank, the rest lies in demand. Money that
-- matured is no loss of term deposits: it is added back. A holding that goes on in place keeps its own money first; then
-- maturities claim what is new in the order of their day and holding, so that nothing is claimed twice.
WITH RECURSIVE people AS MATERIALIZED (
    SELECT DISTINCT m.customer_id FROM campaigns_maturity m
    WHERE m.ends_on >= %(as_of)s
      AND (%(full)s OR m.maturity_date > %(previous)s
           OR EXISTS (SELECT FROM night_holding n WHERE n.customer_id = m.customer_id))
), held AS MATERIALIZED (
    SELECT h.id, h.customer_id, h.balance, p.counted_class IN ('time', 'large_cd', 'notice') AS is_term,
           p.counted_class <> 'demand' AND (h.maturity_date IS NULL OR h.maturity_date > %(as_of)s
                                            OR coalesce(h.auto_rollover, false)) AS is_live
    FROM people
    JOIN customers_holding h ON h.customer_id = people.customer_id AND h.funding_source = 'own'
    JOIN customers_product p ON p.id = h.product_id AND p.counted_in_aum
     AND p.counted_class NOT IN ('loan', 'card', 'e_banking')
), money AS MATERIALIZED (
    -- Who holds nothing of their own any more has nil, and is followed on.
    SELECT customer_id, coalesce(sum(balance) FILTER (WHERE is_live AND is_term), 0) AS term,
           coalesce(sum(balance) FILTER (WHERE is_live AND NOT is_term), 0) AS other,
           coalesce(sum(balance), 0) AS total
    FROM people LEFT JOIN held USING (customer_id) GROUP BY customer_id
), windows AS MATERIALIZED (
    -- Those that are over, too, as long as they share a day with an open one: what they claimed stays claimed.
    SELECT m.id, m.customer_id, m.holding_id, m.maturity_date, m.principal, w.*,
           m.product_class IN ('time', 'large_cd', 'notice') AS is_term,
           CASE WHEN h.is_live AND h.is_term = (m.product_class IN ('time', 'large_cd', 'notice'))
                -- A balance below nil, as after a reversal, keeps nothing.
                THEN greatest(0, least(m.principal, h.balance)) ELSE 0 END AS kept
    FROM people
    JOIN campaigns_maturity m ON m.customer_id = people.customer_id AND m.ends_on >= %(as_of)s::date - 31
    LEFT JOIN held h ON h.id = m.holding_id AND h.customer_id = m.customer_id
    CROSS JOIN LATERAL (VALUES
        (false, m.final_on, m.base_term, m.base_other, m.base_total, m.renewed, m.invested, m.gone),
        (true, m.ends_on, m.late_base_term, m.late_base_other, m.late_base_total, m.late_renewed, m.late_invested,
         m.late_gone)) w (is_late, last_day, base_term, base_other, base_total, renewed, invested, gone)
), ranked AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY customer_id, is_late ORDER BY maturity_date, holding_id) AS no,
           -- What matured from this day on and did not go on in place; of the same day's earlier ones, what went on is
           -- within their claim already.
           sum((principal - kept) * is_term::int) OVER since
               + coalesce(sum(kept * is_term::int) OVER before, 0) AS released_term,
           sum((principal - kept) * (NOT is_term)::int) OVER since
               + coalesce(sum(kept * (NOT is_term)::int) OVER before, 0) AS released_other
    FROM windows
    WINDOW since AS (PARTITION BY customer_id, is_late ORDER BY maturity_date DESC),
           before AS (PARTITION BY customer_id, is_late, maturity_date ORDER BY holding_id
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), split AS (
    SELECT customer_id, is_late, 0::bigint AS no, NULL::bigint AS id, false AS is_open, 0::numeric AS renewed,
           0::numeric AS invested, 0::numeric AS gone, '{}'::date[] AS days, '{}'::numeric[] AS all_renewed,
           '{}'::numeric[] AS all_invested, '{}'::numeric[] AS all_gone
    FROM ranked WHERE no = 1
    UNION ALL
    SELECT r.customer_id, r.is_late, r.no, r.id, t.is_open, t.renewed, t.invested, t.gone, s.days || r.last_day,
           s.all_renewed || t.renewed, s.all_invested || t.invested, s.all_gone || t.gone
    FROM split s
    JOIN ranked r ON r.customer_id = s.customer_id AND r.is_late = s.is_late AND r.no = s.no + 1
    JOIN money m ON m.customer_id = r.customer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(renewed), 0) AS renewed, coalesce(sum(invested), 0) AS invested,
               coalesce(sum(gone), 0) AS gone
        FROM unnest(s.days, s.all_renewed, s.all_invested, s.all_gone) earlier (last_day, renewed, invested, gone)
        WHERE earlier.last_day >= r.maturity_date) c
    CROSS JOIN LATERAL (
        SELECT least(r.principal - r.kept, greatest(0, r.base_total - m.total - c.gone)) AS gone) g
    CROSS JOIN LATERAL (
        SELECT least(r.principal - r.kept - g.gone,
                     greatest(0, m.term + r.released_term - r.base_term - c.renewed)) AS renewed) n
    CROSS JOIN LATERAL (
        SELECT least(r.principal - r.kept - g.gone - n.renewed,
                     greatest(0, m.other + r.released_other - r.base_other - c.invested)) AS invested) i
    CROSS JOIN LATERAL (SELECT r.last_day >= %(as_of)s AS is_open) o
    CROSS JOIN LATERAL (
        SELECT o.is_open, CASE WHEN o.is_open THEN n.renewed + r.kept * r.is_term::int ELSE r.renewed END AS renewed,
               CASE WHEN o.is_open THEN i.invested + r.kept * (NOT r.is_term)::int ELSE r.invested END AS invested,
               CASE WHEN o.is_open THEN g.gone ELSE r.gone END AS gone) t
), parts AS (
    SELECT id,
           max(renewed) FILTER (WHERE NOT is_late) AS renewed, max(invested) FILTER (WHERE NOT is_late) AS invested,
           max(gone) FILTER (WHERE NOT is_late) AS gone,
           max(renewed) FILTER (WHERE is_late) AS late_renewed, max(invested) FILTER (WHERE is_late) AS late_invested,
           max(gone) FILTER (WHERE is_late) AS late_gone
    FROM split WHERE no > 0 GROUP BY id HAVING bool_or(is_open)
)
UPDATE campaigns_maturity m SET
    renewed = p.renewed, invested = p.invested, gone = p.gone, idle = m.principal - p.renewed - p.invested - p.gone,
    late_renewed = p.late_renewed, late_invested = p.late_invested, late_gone = p.late_gone,
    late_idle = m.principal - p.late_renewed - p.late_invested - p.late_gone
FROM parts p
WHERE m.id = p.id
  AND (m.renewed, m.invested, m.gone, m.late_renewed, m.late_invested, m.late_gone)
   <> (p.renewed, p.invested, p.gone, p.late_renewed, p.late_invested, p.late_gone)
