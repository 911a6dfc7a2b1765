-- Who has not come to an account for so many days is forgotten: name, numbers and all notes go, for the figures the layer,
-- the needs and the stage stay.
WITH gone AS (
    UPDATE campaigns_prospect
    SET name = '', name_mask = '', sex = '', mobile_cipher = NULL, mobile_index = NULL, mobile_mask = '',
        id_no_index = NULL, note = '', forgotten_on = %(as_of)s
    WHERE converted_on IS NULL AND forgotten_on IS NULL
      AND stage_at < (%(as_of)s::date - %(keep_days)s::int)::timestamp AT TIME ZONE 'Asia/Shanghai'
    RETURNING id
), steps AS (
    UPDATE campaigns_prospectstep s SET note = '' FROM gone WHERE s.prospect_id = gone.id AND s.note <> ''
), referrals AS (
    UPDATE campaigns_referral r SET note = '', result_note = '' FROM gone
    WHERE r.prospect_id = gone.id AND (r.note <> '' OR r.result_note <> '')
)
SELECT count(*) AS number FROM gone
