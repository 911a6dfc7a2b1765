-- Three things of which a bank of this kind gives its upper tiers some, and the rule of points with the parts that are off at first.
WITH given AS (
    INSERT INTO campaigns_entitlement (code, name_zh_hans, name_zh_hant, name_en, is_active, changed_at)
    VALUES ('lounge', '机场贵宾厅', '機場貴賓廳', 'Airport lounge', true, now()),
           ('check-up', '健康体检', '健康體檢', 'Medical check', true, now()),
           ('birthday', '生日礼遇', '生日禮遇', 'Birthday gift', true, now())
    RETURNING id, code
)
INSERT INTO campaigns_entitlementterm (entitlement_id, tier, period, quantity, unit_value, effective_from, source, changed_at)
SELECT given.id, t.tier, t.period, t.quantity, t.unit_value, '2020-01-01', '演示数据', now()
FROM (VALUES ('lounge', 4, 'quarter', 2, 80), ('lounge', 5, 'quarter', 6, 80), ('check-up', 4, 'year', 1, 600),
             ('check-up', 5, 'year', 2, 600), ('birthday', 3, 'year', 1, 50), ('birthday', 4, 'year', 1, 100),
             ('birthday', 5, 'year', 1, 200)) t(code, tier, period, quantity, unit_value)
JOIN given USING (code);
UPDATE campaigns_pointsrule SET average_is_on = true, referral_points = 300
