"""The default five tiers of DOMAIN 1.3, on the monthly average (primary) and on the balance of the day."""

from typing import Any

from django.db import migrations

BANDS = [
    (1, "potential", "潜力", "潛力", "Potential", 0, 10_000, None),
    (2, "effective", "有效", "有效", "Effective", 10_000, 50_000, None),
    (3, "mid", "中端", "中端", "Mid", 50_000, 500_000, None),
    (4, "high", "高端", "高端", "High", 500_000, 6_000_000, None),
    (5, "private", "私行", "私行", "Private", 6_000_000, None, 6),
]
SCHEMES = [
    {
        "code": "five",
        "name_zh_hans": "五层（月日均）",
        "name_zh_hant": "五層（月日均）",
        "name_en": "Five tiers, monthly average",
        "metric": "last_month_average",
        "promotion": "next_month",
        "watch_after_months": 1,
        "downgrade_after_months": 3,
        "is_primary": True,
        "source": "S1 1.3; rule: DOMAIN §3 [14]",
    },
    {
        "code": "five_point",
        "name_zh_hans": "五层（时点）",
        "name_zh_hant": "五層（時點）",
        "name_en": "Five tiers, balance of the day",
        "metric": "point",
        "promotion": "immediate",
        "watch_after_months": 0,
        "downgrade_after_months": 0,
        "is_primary": False,
        "source": "S1 1.3",
    },
]


def seed(apps: Any, schema_editor: Any) -> None:
    scheme_model = apps.get_model("segments", "TierScheme").objects.using(schema_editor.connection.alias)
    tier_model = apps.get_model("segments", "Tier").objects.using(schema_editor.connection.alias)
    for fields in SCHEMES:
        scheme = scheme_model.create(
            version=1, downgrade_to="latest", effective_from="1990-01-01", is_active=True, **fields
        )
        for rank, code, hans, hant, english, lower, upper, patience in BANDS:
            tier_model.create(
                scheme=scheme,
                rank=rank,
                code=code,
                name_zh_hans=hans,
                name_zh_hant=hant,
                name_en=english,
                lower=lower,
                upper=upper,
                downgrade_after_months=patience if scheme.downgrade_after_months else None,
            )


class Migration(migrations.Migration):
    dependencies = [("segments", "0002_row_security")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
