-- A correction that takes a change of the same day back leaves no change.
DELETE FROM segments_segmentchange c USING segments_segmentchange d, night_segment n
WHERE n.segment_id = %(segment)s AND c.segment_id = n.segment_id AND d.segment_id = n.segment_id
  AND c.customer_id = n.customer_id AND d.customer_id = n.customer_id
  AND c.as_of = %(as_of)s AND d.as_of = c.as_of AND d.is_in <> c.is_in AND c.staff_id IS NULL AND d.staff_id IS NULL
