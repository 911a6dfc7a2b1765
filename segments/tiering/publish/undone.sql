-- A correction that takes a move of the same day back leaves no move, and the tier is held since the one before, by
-- whatever version of the scheme that was.
WITH undone AS (
    DELETE FROM segments_tierchange c USING night_tier n
    WHERE c.as_of = %(as_of)s AND c.scheme_id = n.scheme_id AND c.customer_id = n.customer_id
      AND c.old_rank IS NOT DISTINCT FROM c.new_rank
    RETURNING c.scheme_id, c.customer_id
), before AS (
    SELECT undone.scheme_id, undone.customer_id, max(c.as_of) AS since
    FROM undone
    JOIN segments_tierscheme one ON one.id = undone.scheme_id
    JOIN segments_tierscheme any_version ON any_version.code = one.code
    JOIN segments_tierchange c ON c.scheme_id = any_version.id AND c.customer_id = undone.customer_id
                              AND c.as_of < %(as_of)s
    GROUP BY 1, 2
)
UPDATE segments_tierstate t SET since = before.since
FROM before
WHERE t.scheme_id = before.scheme_id AND t.customer_id = before.customer_id
