-- A correction that takes a move of the same day back leaves no move, and the tier is held since the one before.
WITH undone AS (
    DELETE FROM segments_tierchange c USING night_tier n
    WHERE c.as_of = %(as_of)s AND c.scheme_id = n.scheme_id AND c.customer_id = n.customer_id
      AND c.old_rank IS NOT DISTINCT FROM c.new_rank
    RETURNING c.scheme_id, c.customer_id
)
UPDATE segments_tierstate t SET since = (
    SELECT max(c.as_of) FROM segments_tierchange c
    WHERE c.scheme_id = t.scheme_id AND c.customer_id = t.customer_id AND c.as_of < %(as_of)s)
FROM undone
WHERE t.scheme_id = undone.scheme_id AND t.customer_id = undone.customer_id
  AND EXISTS (SELECT FROM segments_tierchange c
              WHERE c.scheme_id = t.scheme_id AND c.customer_id = t.customer_id AND c.as_of < %(as_of)s)
