"""What the matrix calls pages with: the bank of tests/world.py, and customers whose names cannot be overlooked.

`own` is a customer of 王, `colleague` of 李 in the same branch, `other` of 钱 in a branch of the same region, `far`
of 冯 in another region. The shown name (mask) of each carries a marker that stands nowhere else.
"""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from axes.models import AccessAttempt
from django.utils import timezone

from archives import inspections, records
from archives.models import (
    AgeRule,
    ArchiveField,
    ArchiveValue,
    Complaint,
    ComplaintTerm,
    ContactCap,
    ContactFinding,
    ContactLog,
    ContactQualityRule,
    ContactRule,
    ExamDay,
    Gift,
    GiftLimit,
    Inspection,
    InspectionCriterion,
    InspectionDraw,
    InspectionRule,
    MaintenancePlan,
    MaintenanceTemplate,
    PlanStep,
    PlanType,
    RetirementRule,
    RiskLimit,
    StaleAfter,
    Survey,
    SurveyRule,
)
from campaigns.models import (
    Entitlement,
    EntitlementTerm,
    LedgerEntry,
    LobbyRule,
    Maturity,
    PointsRequest,
    PointsRule,
    Prospect,
    Referral,
    SeasonTheme,
)
from campaigns.prospects.models import MOBILE
from crm.audit import pii, trail
from crm.audit.models import AuditEntry
from crm.jobs.models import JobRun
from crm.organization.models import Branch, ContactCadence, DayTarget, User, WorkDay
from customers.feeds import rejects
from customers.feeds.uploads import SealedUploadHandler
from customers.models import (
    Account,
    Alert,
    AlertRule,
    Customer,
    ExportRequest,
    FeedLoad,
    FeedUpload,
    OwnershipRule,
    ProductClassRule,
    Relation,
)
from segments.models import Grading, Segment, SegmentChange, SegmentMember, TierScheme
from tests import world

RELATIONS = ("own", "colleague", "other", "far")
# Whom the matrix sends, and which customers each may see. "" is somebody who has not signed in.
ACTORS: dict[str, frozenset[str]] = {
    "": frozenset(),
    "wang": frozenset({"own"}),
    "zhao": frozenset({"own", "colleague"}),
    "he": frozenset({"own", "colleague"}),
    "sun": frozenset({"own", "colleague", "other"}),
    "zhou": frozenset(RELATIONS),
    "lu": frozenset(),
    "wu": frozenset(),
}
# What row-level security alone lets through: the branch, not whose customer it is.
FLOOR: dict[str, frozenset[str]] = {**ACTORS, "wang": frozenset({"own", "colleague"})}
BORN = date(1957, 3, 8)


@dataclass(frozen=True)
class Subject:
    """A customer and what belongs to it. `marker` is in every page that shows it; `plain` must be in none."""

    relation: str
    marker: str
    plain: dict[str, str]
    owner: User
    customer: Customer
    account: Account
    alert: Alert
    plan: MaintenancePlan
    sealed: ArchiveValue
    complaint: Complaint
    survey: Survey
    inspection: Inspection
    gift: Gift
    finding: ContactFinding
    entry: LedgerEntry
    request: PointsRequest
    prospect: Prospect
    referral: Referral


@dataclass(frozen=True)
class Town:
    bank: world.Bank
    subjects: dict[str, Subject]
    run: JobRun
    upload: FeedUpload
    segment: Segment
    admin_rows: dict[str, int]


def build() -> Town:
    """Write the town to the test database."""
    bank = world.build()
    places = {"own": (bank.south, bank.wang), "colleague": (bank.south, bank.li), "other": (bank.north, bank.qian)}
    places["far"] = (bank.far, bank.feng)
    subjects = {
        relation: build_subject(bank, number, relation, *places[relation])
        for number, relation in enumerate(RELATIONS, 1)
    }
    now = timezone.now()
    run = JobRun.objects.using("batch").create(
        job="nightly", business_date=timezone.localdate(), state="published", started_at=now, finished_at=now,
        published_at=now, message="",
    )  # fmt: skip
    load = FeedLoad.objects.using("batch").create(
        spec="customers", as_of=run.business_date, file_name="customers.csv", rows_rejected=1, reject_file="town.csv"
    )
    (rejects.folder() / load.reject_file).write_text("line\n7\n", encoding="utf-8")
    attempt = AccessAttempt.objects.using("batch").create(
        username="1001", ip_address="10.0.0.1", user_agent="", get_data="", post_data="", path_info="/login/",
        http_accept="", failures_since_start=1,
    )  # fmt: skip
    trail.record(bank.lu, "town.built")
    rows = {
        "archives_maintenancetemplate": MaintenanceTemplate.objects.using("batch").earliest("pk").pk,
        "archives_planstep": PlanStep.objects.using("batch").earliest("pk").pk,
        "archives_plantype": PlanType.objects.using("batch").earliest("pk").pk,
        "archives_agerule": AgeRule.objects.using("batch").earliest("pk").pk,
        "archives_archivefield": ArchiveField.objects.using("batch").earliest("pk").pk,
        "archives_examday": ExamDay.objects.using("batch").earliest("pk").pk,
        "archives_giftlimit": GiftLimit.objects.using("batch").earliest("pk").pk,
        "archives_retirementrule": RetirementRule.objects.using("batch").earliest("pk").pk,
        "archives_contactcap": ContactCap.objects.using("batch").earliest("pk").pk,
        "archives_contactrule": ContactRule.objects.using("batch").earliest("pk").pk,
        "archives_contactqualityrule": ContactQualityRule.objects.using("batch").earliest("pk").pk,
        "archives_inspectioncriterion": InspectionCriterion.objects.using("batch").earliest("pk").pk,
        "archives_inspectionrule": InspectionRule.objects.using("batch").earliest("pk").pk,
        "archives_risklimit": RiskLimit.objects.using("batch").earliest("pk").pk,
        "archives_staleafter": StaleAfter.objects.using("batch").earliest("pk").pk,
        "archives_surveyrule": SurveyRule.objects.using("batch").earliest("pk").pk,
        "archives_complaintterm": ComplaintTerm.objects.using("batch").earliest("pk").pk,
        "audit_auditentry": AuditEntry.objects.using("batch").get(action="town.built").pk,
        "axes_accessattempt": attempt.pk,
        "campaigns_entitlement": lounge().pk,
        "campaigns_entitlementterm": lounge().terms.using("batch").earliest("pk").pk,
        "campaigns_pointsrule": PointsRule.objects.using("batch").earliest("pk").pk,
        "campaigns_lobbyrule": LobbyRule.objects.using("batch").earliest("pk").pk,
        "campaigns_seasontheme": SeasonTheme.objects.using("batch").earliest("pk").pk,
        "customers_alertrule": AlertRule.objects.using("batch").earliest("pk").pk,
        "customers_feedload": load.pk,
        "customers_ownershiprule": OwnershipRule.objects.using("batch").earliest("pk").pk,
        "customers_product": bank.products["WEALTH"].pk,
        "customers_productclassrule": ProductClassRule.objects.using("batch").earliest("pk").pk,
        "jobs_jobrun": run.pk,
        "organization_branch": bank.far.pk,
        "organization_contactcadence": ContactCadence.objects.using("batch").earliest("pk").pk,
        "organization_daytarget": DayTarget.objects.using("batch").earliest("pk").pk,
        "organization_user": bank.feng.pk,
        "organization_workday": WorkDay.objects.using("batch").earliest("pk").pk,
        "segments_grading": Grading.objects.using("batch").earliest("pk").pk,
        "segments_tierscheme": TierScheme.objects.using("batch").get(is_primary=True).pk,
    }
    segment = build_segment(subjects)
    return Town(bank, subjects, run, build_upload(bank, subjects["own"], run.business_date), segment, rows)


def build_segment(subjects: dict[str, Subject]) -> Segment:
    """A segment of the whole bank in which everybody is, each with the history of having come."""
    segment = Segment.objects.using("batch").get(code="women")
    for one in subjects.values():
        mine = {
            "segment": segment, "customer": one.customer, "branch_id": one.customer.branch_id,
            "since": timezone.localdate(), "cause": "opened",
        }  # fmt: skip
        SegmentMember.objects.using("batch").create(**mine)
        SegmentChange.objects.using("batch").create(**mine, as_of=timezone.localdate(), is_in=True)
    return segment


def build_upload(bank: world.Bank, subject: Subject, as_of: date) -> FeedUpload:
    """A file that waits for its administrator, with a customer's plain data in it."""
    plain = subject.plain
    content = "customer_no,name,branch_code,birth_date,id_type,id_no,mobile,address\n" + ",".join(
        ("M1", plain["name"], "111", plain["birth date"], "other", plain["id_no"], plain["mobile"], plain["address"])
    )
    handler = SealedUploadHandler()
    handler.new_file("file", "town.csv", "text/csv", None)
    handler.receive_data_chunk(content.encode(), 0)
    sealed = handler.file_complete(len(content.encode()))
    return FeedUpload.objects.using("batch").create(
        token=sealed.token, spec="eod_customers", as_of=as_of, file_name="town.csv", size_bytes=len(content),
        uploaded_by=bank.lu,
    )  # fmt: skip


def build_subject(bank: world.Bank, number: int, relation: str, branch: Branch, owner: User) -> Subject:
    marker = f"记{relation.upper()}号"
    plain = {
        "id_no": f"11010519570308{number:03}X",
        "mobile": f"1380013{number:04}",
        "address": f"福建省厦门市思明区湖滨南路{number:03}号",
        "account_no": f"62220212345{number:05}",
        "name": f"全名人{relation}",
        "birth date": BORN.isoformat(),
    }
    customer = bank.customer(
        f"M{number}", branch=branch, owner=owner, name=plain["name"], name_mask=marker, birth_date=BORN,
        name_bigrams=[marker[:2], marker[-2:]], name_initials="jh", name_pinyin="ji hao",
    )  # fmt: skip
    for field in (pii.ID_NO, pii.MOBILE, pii.ADDRESS):
        sealed = pii.seal(field, customer.pk, plain[field.name])
        setattr(customer, f"{field.name}_cipher", sealed.cipher)
        setattr(customer, f"{field.name}_index", sealed.index)
        setattr(customer, f"{field.name}_mask", sealed.mask)
    customer.save(using="batch")
    bank.metrics(customer, Decimal(100_000))
    maturity = timezone.localdate() + timedelta(days=5)
    account = bank.holding(customer, 100_000, product="TIME1Y", maturity_date=maturity).account
    account.account_no_cipher = pii.encrypt(pii.ACCOUNT_NO, account.pk, plain["account_no"])
    account.save(using="batch")
    alert = Alert.objects.using("batch").create(
        branch=branch, customer=customer, kind="maturity", episode=f"holding:{number}", severity=2, amount=100_000,
        due_date=maturity, raised_on=timezone.localdate(), updated_on=timezone.localdate(), rule_version=1,
        evidence=evidence(account, maturity), clears_when={},
    )  # fmt: skip
    plan = MaintenancePlan.objects.using("batch").create(
        branch=branch,
        customer=customer,
        owner_id=owner.pk,
        created_by_id=owner.pk,
        due_date=maturity,
        submission=uuid4(),
    )
    relation_row(customer)
    export_row(owner)
    maturity_row(customer, owner)
    return Subject(
        relation, marker, plain, owner, customer, account, alert, plan, sealed_value(customer, branch),
        complaint_row(customer, owner), survey_row(customer, plan), inspection_row(bank, customer, owner),
        gift_row(customer, owner),
        finding_row(customer, owner),
        *ledger_rows(customer, owner),
        *lobby_rows(customer, owner, number),
    )  # fmt: skip


def maturity_row(customer: Customer, owner: User) -> Maturity:
    """Money that matured this month and left the bank: it stands in the list that the page opens with."""
    day, holding = timezone.localdate(), customer.holdings.using("batch").get()
    return Maturity.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, holding=holding, product_id=holding.product_id,
        product_class="time", principal=90_000, gone=90_000, late_gone=90_000, maturity_date=day, auto_rollover=False,
        provisional_on=day, final_on=day + timedelta(days=7), ends_on=day + timedelta(days=15),
        held_branch_id=customer.branch_id, held_owner_id=owner.pk,
    )  # fmt: skip


def complaint_row(customer: Customer, owner: User) -> Complaint:
    """What the customer complains of, handled by their manager."""
    day = timezone.localdate()
    return Complaint.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, handler_id=owner.pk, channel="lobby", received_on=day,
        category="fee", text="手续费未提前说明", due_date=day + timedelta(days=15), submission=uuid4(),
    )  # fmt: skip


def survey_row(customer: Customer, plan: MaintenancePlan) -> Survey:
    """A low answer of last year, which the plan sees to."""
    return Survey.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, touch="visit", score=2, follow_up=plan, submission=uuid4(),
        answered_on=timezone.localdate() - timedelta(days=200),
    )  # fmt: skip


def gift_row(customer: Customer, owner: User) -> Gift:
    """A gift beyond the limits that waits for a second person."""
    return Gift.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, staff_id=owner.pk, what="茶叶", value=Decimal(9999),
        occasion="birthday", over=["gift"], asked_at=timezone.now(), submission=uuid4(),
    )  # fmt: skip


def lounge() -> Entitlement:
    """What the bank gives tier 3."""
    found, is_new = Entitlement.objects.using("batch").get_or_create(code="lounge", name_zh_hans="贵宾厅")
    if is_new:
        EntitlementTerm.objects.using("batch").create(
            entitlement=found, tier=3, period="year", quantity=2, unit_value=80, effective_from=timezone.localdate()
        )
    return found


def ledger_rows(customer: Customer, owner: User) -> tuple[LedgerEntry, PointsRequest]:
    """What the customer was given of it, and points that their manager has asked for."""
    about = {"branch_id": customer.branch_id, "customer": customer}
    entry = LedgerEntry.objects.using("batch").create(
        **about, entitlement=lounge(), kind="earn", quantity=2, day=timezone.localdate(), unit_value=80,
        expires_on=timezone.localdate() + timedelta(days=90), source="tier", reference=f"town:{customer.pk}",
        at=timezone.now(),
    )  # fmt: skip
    request = PointsRequest.objects.using("batch").create(
        **about, points=5_000, reason="补偿", asked_by_id=owner.pk, asked_at=timezone.now(), submission=uuid4()
    )
    return entry, request


def inspection_row(bank: world.Bank, customer: Customer, owner: User) -> Inspection:
    """The customer's archive in this week's sample of its branch."""
    draw, _is_new = InspectionDraw.objects.using("batch").get_or_create(
        branch_id=customer.branch_id, week=inspections.week_of(timezone.localdate()),
        defaults={"seed": "5eed", "per_manager": 5, "drawn_by_id": bank.zhou.pk, "drawn_at": timezone.now()},
    )  # fmt: skip
    return Inspection.objects.using("batch").create(
        draw=draw, branch_id=customer.branch_id, customer=customer, owner_id=owner.pk
    )


def finding_row(customer: Customer, owner: User) -> ContactFinding:
    """A contact of the customer's manager that was found to be typed in haste."""
    now, place = timezone.now(), {"branch_id": owner.branch_id, "staff_id": owner.pk}
    log = ContactLog.objects.using("batch").create(
        customer=customer, **place, channel="phone", purpose="care", outcome="interested", submission=uuid4()
    )
    found = ContactFinding.objects.using("batch").create(
        **place, kind="alike", day=now.date(), leader=log, contacts=1, began_at=now, ended_at=now, percent=100, late=0,
        needed_minutes=0, had_minutes=0, found_on=now.date(),
    )  # fmt: skip
    found.marks.using("batch").create(**place, day=now.date(), log=log, kind="alike")
    return found


def lobby_rows(customer: Customer, owner: User, number: int) -> tuple[Prospect, Referral]:
    """A prospect of the customer's manager, and the call to the customer that the manager has taken."""
    now, place = timezone.now(), {"branch_id": customer.branch_id}
    prospect = Prospect.objects.using("batch").create(
        **place, name=f"访客{number}", name_mask=customer.name_mask, mobile_mask=f"139****000{number}", needs=["loan"],
        source_layer=5, consent_at=now, owner_id=owner.pk, registered_by_id=owner.pk, registered_at=now, stage="new",
        stage_at=now, submission=uuid4(),
    )  # fmt: skip
    prospect.mobile_cipher = pii.encrypt(MOBILE, prospect.pk, f"1390000000{number}")
    prospect.mobile_index = pii.index(MOBILE, f"1390000000{number}")
    prospect.save(using="batch")
    lobby, _is_new = User.objects.using("batch").get_or_create(
        staff_no=f"18{number}", defaults={"name": "厅堂", "role": "lobby_manager", **place, "reach": "branch"}
    )
    referral = Referral.objects.using("batch").create(
        **place, customer=customer, need="loan", made_by=lobby, made_at=now, asked_until=now, accepted_by_id=owner.pk,
        accepted_at=now, submission=uuid4(),
    )  # fmt: skip
    return prospect, referral


def sealed_value(customer: Customer, branch: Branch) -> ArchiveValue:
    """A C2 value of the customer's archive."""
    of = ArchiveField.objects.using("batch").get(key="income_band")
    column = records.secret(customer.pk, of, 0)
    return ArchiveValue.objects.using("batch").create(
        branch_id=branch.pk, customer=customer, field=of, source="said", is_filled=True, known_on=timezone.localdate(),
        recorded_at=timezone.now(), cipher=pii.encrypt(column, customer.pk, "to_200k"),
        digest=pii.index(column, "to_200k"),
    )  # fmt: skip


def export_row(owner: User) -> ExportRequest:
    """What a manager has asked for; asked for anew where a call that was allowed to has decided upon it."""
    row, _is_new = ExportRequest.objects.using("batch").get_or_create(
        requested_by_id=owner.pk, state="waiting", plain_fields=["mobile"],
        defaults={
            "token": secrets.token_hex(16), "branch_id": owner.branch_id, "reach": owner.reach, "reason": "contact",
            "language": "zh-hans", "needs_approval": True, "rows_expected": 1,
        },
    )  # fmt: skip
    return row


def relation_row(customer: Customer) -> Relation:
    """A relation of the customer; made anew where a call that was allowed to has removed it."""
    row, _is_new = Relation.objects.using("batch").get_or_create(
        customer=customer, relation_type="sibling", name="某人", defaults={"branch_id": customer.branch_id}
    )
    return row


def evidence(account: Account, maturity: date) -> dict[str, object]:
    """As segments/alerts/maturity.sql writes it."""
    return {
        "holding": account.holdings.using("batch").get().pk, "product": "定期一年", "product_class": "time",
        "balance": "100000.00", "maturity_date": maturity.isoformat(), "auto_rollover": None, "rate": None, "stage": 7,
    }  # fmt: skip
