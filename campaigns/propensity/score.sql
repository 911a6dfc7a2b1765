-- The chance that each customer of features.sql says yes, and the three parts of it that weigh most; written where it
-- differs. PostgreSQL's exp() raises an error beyond 709, which one outlier would bring about for everybody.
INSERT INTO campaigns_propensityscore AS kept (customer_id, branch_id, model_id, permille, band, reasons, as_of)
SELECT f.customer_id, f.branch_id, %(model)s, round(s.chance * 1000),
       CASE WHEN s.chance >= %(high)s THEN 1 WHEN s.chance >= %(middle)s THEN 2 ELSE 3 END,
       coalesce(s.reasons[1:3], '{}'), %(as_of)s
FROM ({features}) f CROSS JOIN LATERAL (
    SELECT 1 / (1 + exp(-greatest(-500, least(500, %(intercept)s::float8 + sum(p.part))))) AS chance,
           array_agg(CASE WHEN p.part > 0 THEN 'u' ELSE 'd' END || CASE WHEN p.z > 0 THEN '+' ELSE '-' END || p.name
                     ORDER BY abs(p.part) DESC, p.name) FILTER (WHERE p.part <> 0 AND p.name <> ALL(%(channels)s)) AS reasons
    FROM (SELECT w.name, (w.value - w.mean) / w.scale AS z, (w.value - w.mean) / w.scale * w.weight AS part
          FROM unnest(f.x, %(names)s::text[], %(mean)s::float8[], %(scale)s::float8[], %(weight)s::float8[])
               AS w(value, name, mean, scale, weight)) p) s
ON CONFLICT (customer_id) DO UPDATE
SET branch_id = excluded.branch_id, model_id = excluded.model_id, permille = excluded.permille, band = excluded.band,
    reasons = excluded.reasons, as_of = excluded.as_of
WHERE (kept.branch_id, kept.model_id, kept.permille, kept.band, kept.reasons)
      IS DISTINCT FROM (excluded.branch_id, excluded.model_id, excluded.permille, excluded.band, excluded.reasons)
