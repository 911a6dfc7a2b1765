-- Sittings whose contacts were entered long after they are said to have been made, or whose conversations cannot have
-- found room between the first and the last. What was found for its texts is no second finding.
INSERT INTO quality_member (log_id, leader_id, kind)
SELECT s.id, found.leader_id, 'burst' FROM quality_sitting s
JOIN (
    SELECT staff_id, day, sitting, (array_agg(id ORDER BY place))[1] AS leader_id
    FROM quality_sitting
    GROUP BY staff_id, day, sitting
    HAVING NOT bool_or(id IN (SELECT log_id FROM quality_member)) AND count(*) >= %(least_burst)s AND (
        count(*) FILTER (WHERE is_late) >= %(least_burst)s
        OR (count(*) FILTER (WHERE is_talk) >= %(least_burst)s
            AND make_interval(mins => ((count(*) FILTER (WHERE is_talk) - 1) * %(minutes_a_call)s)::int)
                > max(contacted_at) FILTER (WHERE is_talk) - min(contacted_at) FILTER (WHERE is_talk)))
) found USING (staff_id, day, sitting)
