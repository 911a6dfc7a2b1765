-- How many are in a segment, and the hash of who: SHA-256 over their ids in order, joined by commas.
SELECT count(*) AS members,
       encode(sha256(convert_to(coalesce(string_agg(customer_id::text, ',' ORDER BY customer_id), ''), 'UTF8')), 'hex') AS hash
FROM segments_segmentmember WHERE segment_id = %(segment)s
