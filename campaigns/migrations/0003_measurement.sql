-- The base that a campaign goes by.
CREATE FUNCTION campaigns_base(basis text, base_average numeric, base_aum numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN basis = 'average' THEN base_average ELSE base_aum END $$;

-- What of each member's AUM counts over these days of a month: the average, cut to the fen, or the balance of the last.
-- A past balance is the published one less what came later; the balance-days lack each change times the days before it. What
-- the bank's first night brought in had stood before.
CREATE FUNCTION campaigns_reached(of_campaign bigint, first_day date, last_day date)
RETURNS TABLE (member_id bigint, base numeric, amount numeric) LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT b.customer_id, sum(b.new_counted - b.old_counted) FILTER (WHERE b.as_of > last_day) AS later,
           sum((b.new_counted - b.old_counted) * (b.as_of - first_day)) FILTER (WHERE b.as_of <= last_day) AS missed
    FROM customers_balancechange b
    WHERE b.as_of > first_day
      AND b.as_of IS DISTINCT FROM (
          SELECT min(business_date) FROM jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL)
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
    -- What came after the last day stands on the day after it.
    SELECT branch_id, stratum, arm, least(s.as_of, last_day + 1) AS day, sum(net) AS change,
           sum((after - base) * (after - base) - (after - net - base) * (after - net - base)) AS squares
    FROM step s GROUP BY branch_id, stratum, arm, least(s.as_of, last_day + 1)
  ), today AS (
    SELECT branch_id, stratum, arm, count(*) AS members, sum(aum - base) AS change,
           sum((aum - base) * (aum - base)) AS squares
    FROM member GROUP BY branch_id, stratum, arm
  ), reached AS (
    SELECT branch_id, stratum, arm, greatest(qualified_on, first_day) AS day, count(*) AS qualified
    FROM member WHERE qualified_on <= last_day GROUP BY branch_id, stratum, arm, greatest(qualified_on, first_day)
  ), grid AS (
    SELECT t.branch_id, t.stratum, t.arm, d.day::date AS day, t.members, t.change, t.squares
    FROM today t CROSS JOIN generate_series(first_day, last_day + 1, interval '1 day') AS d(day)
  ), summed AS (
    SELECT grid.branch_id, grid.stratum, grid.arm, grid.day, grid.members,
           coalesce(sum(reached.qualified) OVER (cell ORDER BY grid.day), 0) AS qualified,
           grid.change - coalesce(sum(given.change) OVER (cell ORDER BY grid.day DESC ROWS BETWEEN UNBOUNDED PRECEDING
                                                          AND 1 PRECEDING), 0) AS change,
           grid.squares - coalesce(sum(given.squares) OVER (cell ORDER BY grid.day DESC ROWS BETWEEN UNBOUNDED PRECEDING
                                                            AND 1 PRECEDING), 0) AS squares
    FROM grid LEFT JOIN given USING (branch_id, stratum, arm, day) LEFT JOIN reached USING (branch_id, stratum, arm, day)
    WINDOW cell AS (PARTITION BY grid.branch_id, grid.stratum, grid.arm)
  )
  SELECT day, branch_id, stratum, arm::text, members, qualified::bigint, change, squares
  FROM summed WHERE day <= last_day $$;
