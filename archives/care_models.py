"""What important dates are reckoned by: the months of the lunar calendar, the ages of retirement, the days of exams.

The dates themselves are rows of the archive's section 重要日子, with all their versions (archives.record_models).
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from archives.choices import GAOKAO, ZHONGKAO
from archives.template_models import Named
from customers.choices import Sex

LEAST_AGE, MOST_AGE = 45, 75


class LunarMonth(models.Model):
    """A month of the lunar calendar 农历 as a span of solar days; a leap month bears the number of the one before it.

    1900 to 2100, filled by the migration: a day of the lunar calendar is `first_day` and so many days more.
    """

    year = models.SmallIntegerField()
    month = models.SmallIntegerField()
    is_leap = models.BooleanField()
    first_day = models.DateField(unique=True)
    days = models.SmallIntegerField()

    class Meta:
        verbose_name = _("month of the lunar calendar")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["year", "month", "is_leap"], name="one_lunar_month"),
        ]


class RetirementRule(Named):
    """法定退休年龄, raised step by step (渐进式延迟退休, from 2025-01-01): what a suggestion is reckoned by.

    Who would have retired at `from_age` in the month of `starts_on` does so a month later, and another month later for
    every `months_per_step` months after it, until `to_age` is reached.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices)
    from_age = models.PositiveSmallIntegerField(
        _("age before the reform"), validators=[MinValueValidator(LEAST_AGE), MaxValueValidator(MOST_AGE)]
    )
    to_age = models.PositiveSmallIntegerField(
        _("age in the end"), validators=[MinValueValidator(LEAST_AGE), MaxValueValidator(MOST_AGE)]
    )
    months_per_step = models.PositiveSmallIntegerField(
        _("months of birth for each month later"), validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    starts_on = models.DateField(_("first month of the reform"))
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of retirement")
        verbose_name_plural = _("rules of retirement")


class ExamDay(models.Model):
    """The first day of an exam, from a year on until the next row begins; what is noted as a day goes before it."""

    exam = models.CharField(
        _("exam"),
        max_length=10,
        choices=[(GAOKAO, _("University entrance exam")), (ZHONGKAO, _("Senior school entrance exam"))],
    )
    from_year = models.PositiveSmallIntegerField(
        _("from year"), validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    month = models.PositiveSmallIntegerField(_("month"), validators=[MinValueValidator(1), MaxValueValidator(12)])
    # Months without a day 29 are not asked for: exams are held in June.
    day = models.PositiveSmallIntegerField(_("day"), validators=[MinValueValidator(1), MaxValueValidator(28)])
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("day of an exam")
        verbose_name_plural = _("days of exams")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["exam", "from_year"], name="one_exam_day_from_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.get_exam_display()} {self.from_year}"
