"""The target of a working day and the contact cadence of each tier, with the defaults of DOMAIN §4."""

from typing import Any

import django.core.validators
from django.db import migrations, models

FOREVER = "1990-01-01"
CADENCE = [
    (5, 15, "DOMAIN §4: effective contact 2/month"),
    (4, 30, "DOMAIN §4: effective contact 1/month"),
    (3, 91, "DOMAIN §4: effective contact 1/quarter"),
    (2, 182, "DOMAIN §4: effective contact 1/half-year"),
]


def seed(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    apps.get_model("organization", "DayTarget").objects.using(alias).create(
        effective_from=FOREVER, contacts=12, effective=6, booked=3, met=2, source="DOMAIN §4: process targets per day"
    )
    for tier, days, source in CADENCE:
        apps.get_model("organization", "ContactCadence").objects.using(alias).create(
            tier=tier, days=days, source=source
        )


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0002_one_head_office"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactCadence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        unique=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name="tier"
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days between contacts",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "contact cadence",
                "verbose_name_plural": "contact cadences",
            },
        ),
        migrations.CreateModel(
            name="DayTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "contacts",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="contacts a day",
                    ),
                ),
                (
                    "effective",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="of them effective",
                    ),
                ),
                (
                    "booked",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="appointments made",
                    ),
                ),
                (
                    "met",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="customers met",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "target of a day",
                "verbose_name_plural": "targets of a day",
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
