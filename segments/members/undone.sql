-- A correction that takes a change of the same day back leaves no change: pairs of in and out go, the odd one stays.
WITH numbered AS (
    SELECT c.id, c.customer_id, c.is_in,
           row_number() OVER (PARTITION BY c.customer_id, c.is_in ORDER BY c.id) AS place
    FROM segments_segmentchange c JOIN night_segment n ON n.segment_id = c.segment_id AND n.customer_id = c.customer_id
    WHERE c.segment_id = %(segment)s AND c.as_of = %(as_of)s AND c.staff_id IS NULL
)
DELETE FROM segments_segmentchange c USING numbered one, numbered other
WHERE c.id = one.id AND other.customer_id = one.customer_id AND other.place = one.place AND other.is_in <> one.is_in
