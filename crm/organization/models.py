"""Who works here: the branch tree, the staff, and what is asked of them."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.choices import AbsenceKind, BranchLevel, Reach, Role


class Branch(models.Model):
    """A place in the tree 总行 › 分行 › 支行 › 网点. `path` lists the ids from the root, `.1.4.17.`."""

    code = models.CharField(_("branch code"), max_length=20, unique=True)
    name = models.CharField(_("branch name"), max_length=100)
    level = models.CharField(_("level"), max_length=20, choices=BranchLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    path = models.CharField(max_length=200, editable=False, db_index=True, default="")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        # Head office sees every customer, so what makes a branch head office must not come about by an empty field.
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(level=BranchLevel.HEAD_OFFICE, parent__isnull=True)
                | (~models.Q(level=BranchLevel.HEAD_OFFICE) & models.Q(parent__isnull=False)),
                name="head_office_alone_has_no_parent",
                violation_error_message=_("The head office, and only the head office, stands under no other branch."),
            ),
            models.UniqueConstraint(
                fields=["level"],
                condition=models.Q(level=BranchLevel.HEAD_OFFICE),
                name="one_head_office",
                violation_error_message=_("There is a head office already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_head_office(self) -> bool:
        """The root of the tree: by its level and by its place, both."""
        return self.level == BranchLevel.HEAD_OFFICE and self.parent_id is None


class UserAccounts(BaseUserManager["User"]):
    def create_user(self, staff_no: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(staff_no=staff_no, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(staff_no=username)


class User(AbstractBaseUser):
    """A member of staff. Rights are place in the tree and reach, never the role's name alone (organization.access)."""

    staff_no = models.CharField(_("staff number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=50)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="staff", verbose_name=_("branch"))
    reach = models.CharField(_("reach"), max_length=10, choices=Reach.choices, default=Reach.OWN)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserAccounts] = UserAccounts()

    USERNAME_FIELD = "staff_no"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return f"{self.name} {self.staff_no}"

    @property
    def is_staff(self) -> bool:
        """May enter the Django admin site: administrators, and auditors to read the trail."""
        return self.is_active and self.role in (Role.ADMIN, Role.AUDITOR)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Administrators change reference data; each ModelAdmin says which (no per-row permissions table)."""
        return self.is_active and self.role == Role.ADMIN

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


MOST_A_DAY = 200
MOST_MINUTES = 480
MOST_VISIT_DAYS = 731
A_DAY = [MinValueValidator(1), MaxValueValidator(MOST_A_DAY)]


class DayTarget(models.Model):
    """A relationship manager's working day (DOMAIN §4, process targets), from a day on until the next row begins.

    `contacts` is the capacity too: 今日 proposes no more customers than that, and the planner fills no day beyond it.
    `minutes` makes hours of it; preparing and writing down what was said are part of them.
    """

    effective_from = models.DateField(_("effective from"), unique=True)
    contacts = models.PositiveSmallIntegerField(_("contacts a day"), validators=A_DAY)
    effective = models.PositiveSmallIntegerField(_("of them effective"), validators=A_DAY)
    booked = models.PositiveSmallIntegerField(_("appointments made"), validators=A_DAY)
    met = models.PositiveSmallIntegerField(_("customers met"), validators=A_DAY)
    minutes = models.PositiveSmallIntegerField(
        _("minutes a contact takes"),
        default=20,
        db_default=20,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("target of a day")
        verbose_name_plural = _("targets of a day")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.contacts}"


class ContactCadence(models.Model):
    """After how many days a customer of a tier is due for the next contact (DOMAIN §4); no row, no cadence.

    `visit_days`: for the next visit face to face, which is a contact too; empty, no visits are planned.
    """

    tier = models.PositiveSmallIntegerField(_("tier"), unique=True, validators=[MinValueValidator(1)])
    days = models.PositiveSmallIntegerField(
        _("days between contacts"), validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    visit_days = models.PositiveSmallIntegerField(
        _("days between visits"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_VISIT_DAYS)],
        help_text=_("Empty: no visits are planned for the tier."),
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("contact cadence")
        verbose_name_plural = _("contact cadences")

    def __str__(self) -> str:
        return f"{self.tier}: {self.days}"


class WorkDay(models.Model):
    """工作日历: a day on which the bank works, or not, otherwise than the week says; Monday to Friday need no row.

    Statutory holidays and make-up working days 调休 come from the State Council's yearly notice. The same answers in
    SQL: `organization_is_workday`, `_next_workday`, `_previous_workday` and `_add_workdays` (migration 0004).
    """

    day = models.DateField(_("day"), unique=True)
    is_working = models.BooleanField(_("working day"))
    name = models.CharField(_("holiday"), max_length=40, blank=True, default="")
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("exception of the work calendar")
        verbose_name_plural = _("work calendar")

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Absence(models.Model):
    """不在岗: the days on which a member of staff is away, first and last included. It is removed and noted anew, never
    changed; the kind says no more than planning needs, and nothing of anybody's health.

    The same answers in SQL: `organization_is_away`, `_next_day_there`, `_previous_day_there` (migration 0005).
    """

    staff = models.ForeignKey(User, models.CASCADE, related_name="absences", db_index=False)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    kind = models.CharField(_("kind"), max_length=10, choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)
    noted_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="an_absence_ends_after_it_begins"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["staff", "last_day"], name="absence_of_staff"),
            # The night asks who is away from tomorrow on.
            models.Index(fields=["last_day"], name="absence_last_day"),
        ]
