-- As in 0014, and whom every running campaign leaves alone, which 0027 asked in contact_bar alone: the night's plans, made by
-- sets, know it too. Each word for a campaign would undo its comparison, so that it holds by every way.
-- And who has closed all accounts since a campaign began is not called for it.
CREATE OR REPLACE FUNCTION contact_refusals(purpose text, channel text, on_day date)
RETURNS TABLE (customer_id bigint, bar text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, coalesce(CASE
        WHEN NOT reaches_out(channel) THEN NULL
        WHEN r.purpose = 'campaign' AND c.status <> 'active' THEN 'closed'
        WHEN c.do_not_contact AND NOT r.despite_refusal AND (r.kind = 'marketing' OR channel = 'phone' OR channel = 'sms')
             THEN 'do_not_contact'
        WHEN EXISTS (
            SELECT FROM archives_standing_consent s
            WHERE s.customer_id = c.id AND NOT s.is_given AND (s.purpose = r.kind OR (s.purpose = '' AND s.channel <> ''))
              AND (s.channel = '' OR s.channel = contact_refusals.channel)
              AND (s.purpose <> '' OR NOT r.despite_refusal)) THEN 'refused'
        WHEN r.kind = 'marketing' AND c.customer_type = 'person'
             AND c.birth_date > (on_day - make_interval(years => r.of_age))::date
             AND NOT EXISTS (
                 SELECT FROM archives_standing_consent s
                 WHERE s.customer_id = c.id AND s.is_given AND s.evidence = 'guardian'
                   AND (s.purpose = r.kind OR s.purpose = '')
                   AND (s.channel = '' OR s.channel = contact_refusals.channel)) THEN 'minor'
        WHEN r.kind <> 'owed' AND EXISTS (SELECT FROM archives_open_complaint o WHERE o.customer_id = c.id)
             THEN 'complaint'
        WHEN r.needs_consent AND NOT EXISTS (
            SELECT FROM archives_standing_consent s
            WHERE s.customer_id = c.id AND s.is_given AND (s.purpose = r.kind OR s.purpose = '')
              AND (s.channel = '' OR s.channel = contact_refusals.channel)) THEN 'no_consent'
        END, CASE
        WHEN r.purpose = 'campaign' AND EXISTS (
            SELECT FROM campaigns_campaignmember m JOIN campaigns_campaign p ON p.id = m.campaign_id
            WHERE m.customer_id = c.id AND p.state = 'running' AND p.ends_on >= on_day)
             AND NOT EXISTS (
            SELECT FROM campaigns_campaignmember m JOIN campaigns_campaign p ON p.id = m.campaign_id
            WHERE m.customer_id = c.id AND p.state = 'running' AND p.ends_on >= on_day
              AND m.arm = 'treat' AND m.yielded_to_id IS NULL) THEN 'left_alone'
        END)
    FROM customers_customer c CROSS JOIN contact_rules(on_day) r
    WHERE r.purpose = contact_refusals.purpose AND (reaches_out(channel) OR r.purpose = 'campaign')
$$;

CREATE OR REPLACE FUNCTION contact_bar(customer bigint, purpose text, channel text, at timestamptz,
                                       planned boolean DEFAULT false, but_plan bigint DEFAULT NULL, OUT bar text,
                                       OUT free_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    asked_on date := (at AT TIME ZONE 'Asia/Shanghai')::date;
    asked_at time := (at AT TIME ZONE 'Asia/Shanghai')::time;
    rule archives_contactrule;
    free_on date;
BEGIN
    SELECT f.bar INTO bar FROM contact_refusals(purpose, channel, asked_on) f WHERE f.customer_id = customer;
    IF bar IS NOT NULL OR NOT reaches_out(channel) THEN
        RETURN;
    END IF;
    SELECT r.* INTO rule FROM contact_rules(asked_on) r WHERE r.purpose = contact_bar.purpose;
    IF rule.kind = 'marketing' THEN
        free_on := contact_room(customer, purpose, asked_on, planned, but_plan);
        IF free_on > asked_on THEN
            bar := 'cap';
            free_at := (free_on + rule.first_hour) AT TIME ZONE 'Asia/Shanghai';
            RETURN;
        END IF;
    END IF;
    IF rule.kind <> 'owed' AND NOT planned AND NOT (asked_at >= rule.first_hour AND asked_at < rule.last_hour) THEN
        bar := 'hours';
        free_at := (asked_on + CASE WHEN asked_at < rule.first_hour THEN 0 ELSE 1 END + rule.first_hour)
            AT TIME ZONE 'Asia/Shanghai';
    END IF;
END
$$;
