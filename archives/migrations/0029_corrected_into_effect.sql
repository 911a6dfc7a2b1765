-- Which contacts are judged at all: what counts as an effective contact and was written by somebody who answers for
-- customers. A correction is no contact of its own, unless it is what makes the contact an effective one: else whoever logs
-- "not reached" first and corrects it later would be judged by nobody. History of another system was not typed here. The one
-- place for this; the night reads nothing else.
CREATE OR REPLACE VIEW archives_counted_contact WITH (security_invoker = true) AS
    SELECT l.id, u.branch_id, l.staff_id, l.customer_id, l.contacted_at, l.recorded_at,
           (l.recorded_at AT TIME ZONE 'Asia/Shanghai')::date AS day, l.channel, l.outcome, l.summary, l.next_action,
           l.next_date
    FROM archives_contactlog l JOIN organization_user u ON u.id = l.staff_id
    WHERE l.imported_from = '' AND u.role <> 'lobby_manager' AND l.channel <> 'sms'
      AND l.outcome <> 'not_reached' AND l.outcome <> 'received'
      AND (l.corrects_id IS NULL OR (l.recorded_by_id = l.staff_id AND NOT EXISTS (
          SELECT FROM archives_contactlog e
          WHERE (e.id = l.corrects_id OR e.corrects_id = l.corrects_id) AND e.id < l.id AND e.channel <> 'sms'
            AND e.outcome <> 'not_reached' AND e.outcome <> 'received')));
