-- A correction that takes a move of the same day back leaves no move.
DELETE FROM segments_tierchange c USING night_tier n
WHERE c.as_of = %(as_of)s AND c.scheme_id = n.scheme_id AND c.customer_id = n.customer_id
  AND n.rank IS NOT DISTINCT FROM n.old_rank
