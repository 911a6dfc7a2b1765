-- As in 0022, and whom every running campaign leaves alone (the control group, and whom no other campaign has) nobody
-- contacts for a campaign, by no way at all: each word about it would undo the comparison.
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
    IF bar IS NOT NULL THEN
        RETURN;
    END IF;
    IF purpose = 'campaign' THEN
        SELECT CASE WHEN NOT bool_or(m.arm = 'treat' AND m.yielded_to_id IS NULL) THEN 'left_alone' END INTO bar
        FROM campaigns_campaignmember m JOIN campaigns_campaign r ON r.id = m.campaign_id
        WHERE m.customer_id = customer AND r.state = 'running' AND r.ends_on >= asked_on;
    END IF;
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

-- What came of a campaign's contacts is its member's state: what was said last, by when it was said. A call that nobody took
-- says nothing new of who was reached before; a correction takes the place of what it corrects. The check of the table
-- refuses an invitation of the control group.
CREATE OR REPLACE FUNCTION archives_campaign_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Of two contacts at once the second waits here, and counts the first.
    PERFORM FROM campaigns_campaignmember m
    WHERE m.campaign_id = NEW.campaign_id AND m.customer_id = NEW.customer_id FOR NO KEY UPDATE;
    UPDATE campaigns_campaignmember m
    SET status = coalesce(said.outcome, m.status), contact_id = newest.id,
        invited_at = least(m.invited_at, NEW.contacted_at),
        attended_on = CASE WHEN NEW.outcome <> 'not_reached'
                                AND (NEW.channel = 'face' OR NEW.channel = 'lobby' OR NEW.channel = 'event')
                           THEN coalesce(m.attended_on, (NEW.contacted_at AT TIME ZONE 'Asia/Shanghai')::date)
                           ELSE m.attended_on END
    FROM (SELECT n.id FROM archives_contactlog n
          WHERE n.customer_id = NEW.customer_id AND n.campaign_id = NEW.campaign_id AND n.replaced_at IS NULL
          ORDER BY n.contacted_at DESC, n.id DESC LIMIT 1) newest
    LEFT JOIN LATERAL (
          SELECT n.outcome FROM archives_contactlog n
          WHERE n.customer_id = NEW.customer_id AND n.campaign_id = NEW.campaign_id AND n.replaced_at IS NULL
            AND n.outcome <> 'received'
          ORDER BY n.outcome = 'not_reached', n.contacted_at DESC, n.id DESC LIMIT 1) said ON true
    WHERE m.campaign_id = NEW.campaign_id AND m.customer_id = NEW.customer_id;
    RETURN NULL;
END
$$;
