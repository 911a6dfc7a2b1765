-- Who should be in a segment and is not, and who is and should not be.
INSERT INTO night_segment (segment_id, customer_id, is_in, cause, conditions)
SELECT %(segment)s, coalesce(w.customer_id, m.customer_id), w.customer_id IS NOT NULL, '', 0
FROM ({wanted}) w (customer_id)
FULL JOIN (SELECT customer_id FROM segments_segmentmember WHERE segment_id = %(segment)s {among}) m
    ON m.customer_id = w.customer_id
WHERE w.customer_id IS NULL OR m.customer_id IS NULL
