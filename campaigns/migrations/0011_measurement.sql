-- The base that a campaign goes by.
CREATE FUNCTION campaigns_base(basis text, base_average numeric, base_aum numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN basis = 'average' THEN base_average ELSE base_aum END $$;

-- What of each member's AUM counts over these days of a month: the average, cut to the fen, or the balance of the last.
-- A past balance is the published one less what came later; the balance-days lack each change times the days before it.
CREATE FUNCTION campaigns_reached(of_campaign bigint, first_day date, last_day date)
RETURNS TABLE (member_id bigint, base numeric, amount numeric) LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT b.customer_id, sum(b.new_counted - b.old_counted) FILTER (WHERE b.as_of > last_day) AS later,
           sum((b.new_counted - b.old_counted) * (b.as_of - first_day)) FILTER (WHERE b.as_of <= last_day) AS missed
    FROM customers_balancechange b
    WHERE b.as_of > first_day
      AND b.customer_id IN (SELECT customer_id FROM campaigns_campaignmember WHERE campaign_id = of_campaign)
    GROUP BY b.customer_id
  )
  SELECT m.id, campaigns_base(c.basis, m.base_average, m.base_aum),
         CASE WHEN c.basis = 'average'
              THEN trunc(coalesce(k.aum, 0) - coalesce(v.later, 0) - coalesce(v.missed, 0) / (last_day - first_day + 1), 2)
              ELSE coalesce(k.aum, 0) - coalesce(v.later, 0) END
  FROM campaigns_campaign c
  JOIN campaigns_campaignmember m ON m.campaign_id = c.id
  LEFT JOIN customers_metrics k ON k.customer_id = m.customer_id
  LEFT JOIN moved v ON v.customer_id = m.customer_id
  WHERE c.id = of_campaign $$;

-- The cells of a campaign at the end of each of these days, from the published balances and the changes since. A change
-- takes from the sum of squares of all days before it what it gave: (after − base)² − (before − base)².
CREATE FUNCTION campaigns_cells(of_campaign bigint, first_day date, last_day date)
RETURNS TABLE (as_of date, branch_id bigint, stratum integer, arm text, members bigint, qualified bigint, change numeric,
               squares numeric) LANGUAGE sql STABLE AS $$
  WITH member AS (
    SELECT m.customer_id, m.branch_id, m.stratum, m.arm, m.qualified_on, coalesce(k.aum, 0) AS aum,
           campaigns_base(c.basis, m.base_average, m.base_aum) AS base
    FROM campaigns_campaign c
    JOIN campaigns_campaignmember m ON m.campaign_id = c.id
    LEFT JOIN customers_metrics k ON k.customer_id = m.customer_id
    WHERE c.id = of_campaign
  ), moved AS (
    SELECT b.customer_id, b.as_of, sum(b.new_counted - b.old_counted) AS net
    FROM customers_balancechange b
    WHERE b.as_of > first_day AND b.customer_id IN (SELECT customer_id FROM member)
    GROUP BY b.customer_id, b.as_of
  ), step AS (
    SELECT m.branch_id, m.stratum, m.arm, m.base, v.as_of, v.net,
           m.aum - coalesce(sum(v.net) OVER (PARTITION BY v.customer_id ORDER BY v.as_of DESC
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS after
    FROM moved v JOIN member m USING (customer_id)
  ), given AS (
    SELECT branch_id, stratum, arm, s.as_of, sum(net) AS change,
           sum((after - base) * (after - base) - (after - net - base) * (after - net - base)) AS squares
    FROM step s GROUP BY branch_id, stratum, arm, s.as_of
  ), today AS (
    SELECT branch_id, stratum, arm, count(*) AS members, sum(aum - base) AS change,
           sum((aum - base) * (aum - base)) AS squares
    FROM member GROUP BY branch_id, stratum, arm
  ), reached AS (
    SELECT branch_id, stratum, arm, qualified_on, count(*) AS qualified
    FROM member WHERE qualified_on IS NOT NULL GROUP BY branch_id, stratum, arm, qualified_on
  )
  SELECT d.day::date, t.branch_id, t.stratum, t.arm, t.members, coalesce(r.qualified, 0)::bigint,
         t.change - coalesce(g.change, 0), t.squares - coalesce(g.squares, 0)
  FROM today t
  CROSS JOIN generate_series(first_day, last_day, interval '1 day') AS d(day)
  LEFT JOIN LATERAL (SELECT sum(g.change) AS change, sum(g.squares) AS squares FROM given g
                     WHERE (g.branch_id, g.stratum, g.arm) = (t.branch_id, t.stratum, t.arm) AND g.as_of > d.day) g ON true
  LEFT JOIN LATERAL (SELECT sum(r.qualified) AS qualified FROM reached r
                     WHERE (r.branch_id, r.stratum, r.arm) = (t.branch_id, t.stratum, t.arm)
                       AND r.qualified_on <= d.day) r ON true $$;
