-- The contacts that asked for something and were answered, newest first, at most so many; the rest is features.sql.
SELECT l.id AS key, l.customer_id, (l.contacted_at AT TIME ZONE 'Asia/Shanghai')::date AS day, l.channel
FROM archives_contactlog l
WHERE l.contacted_at >= %(from)s AND l.contacted_at < %(until)s AND l.replaced_at IS NULL AND l.direction = 'outbound'
  AND l.channel <> 'sms' AND l.purpose = ANY(%(asking)s) AND (l.outcome = ANY(%(yes)s) OR l.outcome = ANY(%(no)s))
ORDER BY l.contacted_at DESC, l.id DESC LIMIT %(most)s
