-- Risk assessments of the persons who hold something riskier than a deposit, and of some others; a few have run out, and
-- a few hold more than they can bear.
INSERT INTO archives_riskassessment (branch_id, customer_id, level, is_lowest, assessed_on, valid_to, through,
                                     questionnaire, reference, recorded_at)
SELECT branch_id, id, level, false, %(as_of)s::date - age, %(as_of)s::date - age + 365,
       (ARRAY['online', 'counter', 'machine'])[1 + floor(pg_temp.chance(id, 741) * 3)::int], '2026-1', '', now()
FROM (SELECT c.id, c.branch_id, floor(pg_temp.chance(c.id, 742) * 400)::int AS age,
             CASE WHEN pg_temp.chance(c.id, 743) < 0.05 THEN greatest(1, riskiest - 1)
                  ELSE least(5, riskiest + floor(pg_temp.chance(c.id, 744) * 3)::int) END AS level
      FROM customers_customer c
      LEFT JOIN (SELECT h.customer_id, max(p.risk) AS held
                 FROM customers_holding h JOIN customers_product p ON p.id = h.product_id
                 WHERE h.status = 'open' GROUP BY 1) most ON most.customer_id = c.id
      CROSS JOIN LATERAL (SELECT coalesce(most.held, 1) AS riskiest) r
      WHERE c.customer_type = 'person' AND c.status = 'active'
        AND (riskiest > 1 OR pg_temp.chance(c.id, 745) < 0.12)) people
