-- What is to be approved: how many, why others are not, who gets whom of other campaigns, and a hash over every id.
SELECT to_jsonb(f)::text FROM (
SELECT max(as_of)::text AS as_of, count(*) AS candidates,
       count(*) FILTER (WHERE arm IS NOT NULL) AS members,
       count(*) FILTER (WHERE arm = 'control') AS controls,
       coalesce(sum(launch_aum) FILTER (WHERE arm IS NOT NULL), 0)::text AS aum,
       count(DISTINCT stratum) AS strata,
       encode(sha256(convert_to(coalesce(string_agg(customer_id::text, ',' ORDER BY customer_id)
              FILTER (WHERE arm IS NOT NULL), ''), 'UTF8')), 'hex') AS audience,
       encode(sha256(convert_to(coalesce(string_agg(customer_id::text, ',' ORDER BY customer_id)
              FILTER (WHERE arm = 'control'), ''), 'UTF8')), 'hex') AS control_audience,
       (SELECT coalesce(jsonb_object_agg(reason, customers), '{}') FROM (
            SELECT reason, count(*) AS customers FROM drawn WHERE reason IS NOT NULL GROUP BY reason) r) AS left_out,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(band, members, controls) ORDER BY band), '[]') FROM (
            SELECT band, count(*) AS members, count(*) FILTER (WHERE arm = 'control') AS controls
            FROM drawn WHERE arm IS NOT NULL GROUP BY band) b) AS bands,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(rival, kept, yielded) ORDER BY rival), '[]') FROM (
            SELECT rival, count(*) FILTER (WHERE arm IS NOT NULL) AS kept,
                   count(*) FILTER (WHERE reason = 'yielded') AS yielded
            FROM drawn WHERE rival IS NOT NULL AND (reason IS NULL OR reason = 'yielded') GROUP BY rival) o) AS overlaps
FROM drawn
) f
