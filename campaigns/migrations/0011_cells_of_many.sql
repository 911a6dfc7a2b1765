-- What of each member's AUM counts over these days of a month: the average, cut to the fen, or the balance of the last.
-- A past balance is the published one less what came later; the balance-days lack each change times the days before it. What
-- the bank's first night brought in had stood before.
CREATE FUNCTION campaigns_reached(of_campaigns bigint[], first_day date, last_day date)
RETURNS TABLE (campaign_id bigint, member_id bigint, base numeric, amount numeric) LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT b.customer_id, sum(b.new_counted - b.old_counted) FILTER (WHERE b.as_of > last_day) AS later,
           sum((b.new_counted - b.old_counted) * (b.as_of - first_day)) FILTER (WHERE b.as_of <= last_day) AS missed
    FROM customers_balancechange b
    WHERE b.as_of > first_day
      AND b.as_of IS DISTINCT FROM (
          SELECT min(business_date) FROM jobs_jobrun WHERE job = 'nightly' AND published_at IS NOT NULL)
      AND b.customer_id IN (SELECT m.customer_id FROM campaigns_campaignmember m WHERE m.campaign_id = ANY (of_campaigns))
    GROUP BY b.customer_id
  )
  SELECT c.id, m.id, campaigns_base(c.basis, m.base_average, m.base_aum),
         CASE WHEN c.basis = 'average'
              THEN trunc(coalesce(k.aum, 0) - coalesce(v.later, 0) - coalesce(v.missed, 0) / (last_day - first_day + 1), 2)
              ELSE coalesce(k.aum, 0) - coalesce(v.later, 0) END
  FROM campaigns_campaignmember m
  JOIN campaigns_campaign c ON c.id = m.campaign_id
  LEFT JOIN customers_metrics k ON k.customer_id = m.customer_id
  LEFT JOIN moved v ON v.customer_id = m.customer_id
  WHERE m.campaign_id = ANY (of_campaigns) $$;

-- The cells of campaigns at the end of each of these days, from the published balances and the changes since: one pass over
-- their members, whatever the number of campaigns. A change takes from the sum of squares of all days before it what it
-- gave: (after − base)² − (before − base)².
CREATE FUNCTION campaigns_cells(of_campaigns bigint[], first_day date, last_day date)
RETURNS TABLE (campaign_id bigint, as_of date, branch_id bigint, stratum integer, arm text, members bigint, qualified bigint,
               change numeric, squares numeric) LANGUAGE sql STABLE AS $$
  WITH member AS NOT MATERIALIZED (
    SELECT m.campaign_id, m.customer_id, m.branch_id, m.stratum, m.arm, m.qualified_on, coalesce(k.aum, 0) AS aum,
           campaigns_base(c.basis, m.base_average, m.base_aum) AS base
    FROM campaigns_campaignmember m
    JOIN campaigns_campaign c ON c.id = m.campaign_id
    LEFT JOIN customers_metrics k ON k.customer_id = m.customer_id
    WHERE m.campaign_id = ANY (of_campaigns)
  ), moved AS (
    SELECT b.customer_id, b.as_of, sum(b.new_counted - b.old_counted) AS net
    FROM customers_balancechange b
    WHERE b.as_of > first_day
      AND b.customer_id IN (SELECT customer_id FROM campaigns_campaignmember WHERE campaign_id = ANY (of_campaigns))
    GROUP BY b.customer_id, b.as_of
  ), step AS (
    SELECT m.campaign_id, m.branch_id, m.stratum, m.arm, m.base, v.as_of, v.net,
           m.aum - coalesce(sum(v.net) OVER (PARTITION BY m.campaign_id, v.customer_id ORDER BY v.as_of DESC
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS after
    FROM moved v JOIN member m USING (customer_id)
  ), given AS (
    -- What came after the last day stands on the day after it.
    SELECT campaign_id, branch_id, stratum, arm, least(s.as_of, last_day + 1) AS day, sum(net) AS change,
           sum((after - base) * (after - base) - (after - net - base) * (after - net - base)) AS squares
    FROM step s GROUP BY campaign_id, branch_id, stratum, arm, least(s.as_of, last_day + 1)
  ), today AS (
    SELECT campaign_id, branch_id, stratum, arm, count(*) AS members, count(*) FILTER (WHERE qualified_on <= first_day) AS qualified,
           sum(aum - base) AS change, sum((aum - base) * (aum - base)) AS squares
    FROM member GROUP BY campaign_id, branch_id, stratum, arm
  ), reached AS (
    SELECT campaign_id, branch_id, stratum, arm, qualified_on AS day, count(*) AS qualified
    FROM campaigns_campaignmember
    WHERE campaign_id = ANY (of_campaigns) AND first_day < last_day AND qualified_on > first_day AND qualified_on <= last_day
    GROUP BY campaign_id, branch_id, stratum, arm, qualified_on
  ), grid AS (
    SELECT t.campaign_id, t.branch_id, t.stratum, t.arm, d.day::date AS day, t.members, t.qualified, t.change, t.squares
    FROM today t CROSS JOIN generate_series(first_day, last_day + 1, interval '1 day') AS d(day)
  ), summed AS (
    SELECT g.campaign_id, g.branch_id, g.stratum, g.arm, g.day, g.members,
           g.qualified + coalesce(sum(reached.qualified) OVER (cell ORDER BY g.day), 0) AS qualified,
           g.change - coalesce(sum(given.change) OVER (cell ORDER BY g.day DESC ROWS BETWEEN UNBOUNDED PRECEDING
                                                       AND 1 PRECEDING), 0) AS change,
           g.squares - coalesce(sum(given.squares) OVER (cell ORDER BY g.day DESC ROWS BETWEEN UNBOUNDED PRECEDING
                                                         AND 1 PRECEDING), 0) AS squares
    FROM grid g
    LEFT JOIN given USING (campaign_id, branch_id, stratum, arm, day)
    LEFT JOIN reached USING (campaign_id, branch_id, stratum, arm, day)
    WINDOW cell AS (PARTITION BY g.campaign_id, g.branch_id, g.stratum, g.arm)
  )
  SELECT campaign_id, day, branch_id, stratum, arm::text, members, qualified::bigint, change, squares
  FROM summed WHERE day <= last_day $$;

DROP FUNCTION campaigns_cells(bigint, date, date);
DROP FUNCTION campaigns_reached(bigint, date, date);
