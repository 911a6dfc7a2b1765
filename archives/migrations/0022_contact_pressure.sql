-- The caps in force on a day, one of a tier.
CREATE FUNCTION contact_caps(on_day date) RETURNS SETOF archives_contactcap LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT DISTINCT ON (c.tier) c.* FROM archives_contactcap c WHERE c.effective_from <= on_day
    ORDER BY c.tier, c.effective_from DESC
$$;

-- The first day from this one on, on which one more touch leaves no `spans[i]` days with more than `mosts[i]`, of any i; with
-- what is planned (all but one plan), or only what was done.
CREATE FUNCTION contact_free_day(customer bigint, from_day date, mosts int[], spans int[], planned boolean, but_plan bigint)
RETURNS date LANGUAGE sql STABLE AS $$
    WITH caps AS MATERIALIZED (
        SELECT * FROM unnest(mosts, spans) c(most, days)
    ), touches AS MATERIALIZED (
        SELECT t.day FROM archives_touch t
        WHERE t.customer_id = customer AND t.day > from_day - (SELECT max(days) FROM caps)
          AND (t.plan_id IS NULL OR (planned AND t.plan_id IS DISTINCT FROM but_plan))
    ), candidates AS (
        SELECT from_day AS day UNION SELECT t.day + c.days FROM touches t, caps c WHERE t.day + c.days > from_day
    )
    SELECT min(d.day) FROM candidates d
    WHERE NOT EXISTS (
        SELECT FROM caps c, generate_series(d.day - c.days + 1, d.day, interval '1 day') s(day)
        WHERE (SELECT count(*) FROM touches t WHERE t.day BETWEEN s.day::date AND s.day::date + c.days - 1) >= c.most)
$$;

-- The same under both caps, that of the purpose and that of the customer's tier.
CREATE FUNCTION contact_room(customer bigint, purpose text, from_day date, planned boolean, but_plan bigint)
RETURNS date LANGUAGE sql STABLE AS $$
    SELECT contact_free_day(customer, from_day, array_agg(caps.most), array_agg(caps.days), planned, but_plan)
    FROM (SELECT r.most::int, r.days::int FROM contact_rules(from_day) r WHERE r.purpose = contact_room.purpose
          UNION ALL
          SELECT c.most::int, c.days::int FROM contact_caps(from_day) c JOIN customers_metrics m ON m.tier = c.tier
          WHERE m.customer_id = customer) caps (most, days)
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
DROP FUNCTION contact_free_day(bigint, date, int, int, boolean, bigint);

-- What came of a campaign's contact is its member's state: of the newest contact, by when it was made; a correction takes the
-- place of what it corrects. The check of the table refuses an invitation of the control group.
CREATE FUNCTION archives_campaign_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaigns_campaignmember m
    SET status = CASE WHEN NEW.outcome = 'received' THEN m.status ELSE NEW.outcome END, contact_id = NEW.id,
        invited_at = least(m.invited_at, NEW.contacted_at),
        attended_on = CASE WHEN NEW.outcome <> 'not_reached'
                                AND (NEW.channel = 'face' OR NEW.channel = 'lobby' OR NEW.channel = 'event')
                           THEN coalesce(m.attended_on, (NEW.contacted_at AT TIME ZONE 'Asia/Shanghai')::date)
                           ELSE m.attended_on END
    WHERE m.campaign_id = NEW.campaign_id AND m.customer_id = NEW.customer_id AND NOT EXISTS (
        SELECT FROM archives_contactlog n
        WHERE n.customer_id = NEW.customer_id AND n.campaign_id = NEW.campaign_id AND n.replaced_at IS NULL
          AND (n.contacted_at, n.id) > (NEW.contacted_at, NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER campaign_contact AFTER INSERT ON archives_contactlog FOR EACH ROW WHEN (NEW.campaign_id IS NOT NULL)
    EXECUTE FUNCTION archives_campaign_contact();

-- How far a customer's touches of marketing are: those made in the days of the tier's cap up to this one, and the first day on
-- which one more fits; nothing where the tier has no cap.
CREATE FUNCTION contact_pressure(customer bigint, on_day date) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'made', (SELECT count(*) FROM archives_touch t WHERE t.customer_id = customer AND t.plan_id IS NULL
                 AND t.day > on_day - c.days AND t.day <= on_day),
        'most', c.most, 'days', c.days,
        'free_on', contact_free_day(customer, on_day, ARRAY[c.most::int], ARRAY[c.days::int], false, NULL))
    FROM contact_caps(on_day) c JOIN customers_metrics m ON m.tier = c.tier WHERE m.customer_id = customer
$$;
