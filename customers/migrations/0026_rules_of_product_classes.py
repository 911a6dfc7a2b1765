from django.db import migrations, models

from crm.db import web_writes

# Risk where a file names none: an investment of which nobody has told counts as the riskiest, for taken for R1 it would
# be suggested to everybody. Whether sales are recorded, and the words by which a contact names such a product.
CLASSES = (
    ("demand", 1, False, ""), ("time", 1, False, ""), ("large_cd", 1, False, ""), ("notice", 1, False, ""),
    ("wealth", 5, True, "理财,理財"), ("fund", 5, True, "基金"), ("insurance", 5, True, "保险,保險"), ("treasury", 1, False, ""),
    ("metal", 5, False, "贵金属,貴金屬"), ("trust", 5, True, "信托,信託"), ("loan", 1, False, ""), ("card", 1, False, ""),
    ("e_banking", 1, False, ""),
)  # fmt: skip
PRODUCT_CLASSES = [
    ("demand", "Demand deposit"),
    ("time", "Time deposit"),
    ("large_cd", "Large certificate of deposit"),
    ("notice", "Notice deposit"),
    ("wealth", "Wealth product"),
    ("fund", "Fund"),
    ("insurance", "Insurance"),
    ("treasury", "Treasury bond"),
    ("metal", "Precious metal"),
    ("trust", "Trust"),
    ("loan", "Loan"),
    ("card", "Card"),
    ("e_banking", "E-banking"),
]


def seed(apps, schema_editor):
    rules = apps.get_model("customers", "ProductClassRule").objects.using(schema_editor.connection.alias)
    rules.bulk_create(
        rules.model(product_class=name, risk=risk, needs_recording=recorded, words=words)
        for name, risk, recorded, words in CLASSES
    )


class Migration(migrations.Migration):
    """What the bank decides by class of products: the risk of one whose file names none, and whether sales are recorded."""

    dependencies = [
        ("customers", "0025_sources_and_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductClassRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product_class",
                    models.CharField(choices=PRODUCT_CLASSES, max_length=12, unique=True, verbose_name="class"),
                ),
                (
                    "risk",
                    models.SmallIntegerField(
                        choices=[(1, "R1"), (2, "R2"), (3, "R3"), (4, "R4"), (5, "R5")],
                        verbose_name="risk level where the file names none",
                    ),
                ),
                ("needs_recording", models.BooleanField(default=False, verbose_name="sales are recorded")),
                (
                    "words",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="words for it, with commas between"
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of a product class",
                "verbose_name_plural": "rules of the product classes",
            },
        ),
        web_writes({"customers_productclassrule": "UPDATE"}),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
