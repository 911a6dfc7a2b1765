"""Who may call what: the policy of every URL name (ASVS 8.1.1). The matrix proves that the product keeps to it.

To add a page, add its row to `PAGES` (or, for a table of the Django admin site, a line to `ADMIN_TABLES`):

* `roles`     who may call it; every other role gets 403, and nobody at all is led to the sign-in page
* `methods`   what it answers; another method gets 405. "GET" stands for HEAD too
* `of`        whose row its address names: "customer" lets the matrix call it with the customer (or the alert, the
              account …, or the export that their manager asked for) of the caller, of a colleague, of another
              branch, and of another region;
              what is out of the caller's scope gets 404
* `arguments` how its address is made from the objects of tests/security/town.py
* `form`      what a POST sends; "" unless the page needs it to get beyond its form's errors
* `answers`   the status codes of an allowed call, by method, where they are others than of a page, a redirection or a
              form's errors
* `is_probe`  answered before all middleware, so without the headers of pages
* `open_to_all` no sign-in needed
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm.organization.choices import Role
from tests.security.town import Subject, Town, export_row, relation_row

CUSTOMER_STAFF = frozenset({Role.RELATIONSHIP_MANAGER, Role.LOBBY_MANAGER, Role.BRANCH_MANAGER})
OWNERS = frozenset({Role.RELATIONSHIP_MANAGER, Role.BRANCH_MANAGER})
LOBBY = frozenset({Role.LOBBY_MANAGER})
ADMIN = frozenset({Role.ADMIN})
AUDITOR = frozenset({Role.AUDITOR})
NIGHT_READERS = frozenset({Role.ADMIN, Role.BRANCH_MANAGER, Role.AUDITOR})
EVERYBODY = frozenset(Role)
READ = frozenset({"GET"})
WRITE = frozenset({"POST"})
BOTH = READ | WRITE
ANY = frozenset({"GET", "POST", "DELETE"})

Arguments = Callable[[Town, Subject], Mapping[str, Any]]


def nothing(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Page:
    """One URL name; the fields are explained above."""

    name: str
    roles: frozenset[Role]
    methods: frozenset[str]
    of: str = ""
    arguments: Arguments = nothing
    form: Mapping[str, Any] = field(default_factory=dict)
    open_to_all: bool = False
    answers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    is_probe: bool = False
    refusal: frozenset[int] = frozenset({403})


def customer(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.customer.pk}


def alert(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.alert.pk}


def plan(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.plan.pk}


def complaint(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.complaint.pk}


def complaint_step(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.complaint.pk, "step": "take"}


def survey(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.survey.pk}


def export(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": export_row(subject.owner).pk}


def gift(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.gift.pk}


def entry(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.entry.pk}


def points_request(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.request.pk, "verb": "refuse"}


def inspection(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.inspection.pk}


def finding(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.finding.pk}


def prospect(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.prospect.pk}


def referral_result(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.referral.pk, "verb": "report"}


def run(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.run.pk}


def upload(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.upload.pk}


def graded(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": subject.customer.pk, "code": "purchase_habit"}


def scheme(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.admin_rows["segments_tierscheme"]}


def a_list(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"name": "customers"}


def nowhere_id(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": 2**40}


def load(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.admin_rows["customers_feedload"]}


def draft(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.admin_rows["segments_tierscheme"]}


def segment(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.segment.pk}


def segment_version(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"pk": town.segment.pk, "number": 1}


MANAGER = frozenset({Role.BRANCH_MANAGER})
SEGMENT_READERS = OWNERS | ADMIN
LED_ALONE = {"GET": frozenset({200, 404}), "POST": frozenset({200, 302, 404})}
# A manager sees and decides upon what the staff asked for, but what is only for whoever asked is not there for anybody
# else (tests/exports tells them apart).
OWN_ALONE = {"POST": frozenset({302, 404})}
NOT_THERE = {method: frozenset({404}) for method in ("GET", "POST")}
PROBE = {"GET": frozenset({200, 503})}

PAGES: tuple[Page, ...] = (
    Page("healthz", EVERYBODY, READ, open_to_all=True, answers=PROBE, is_probe=True),
    Page("readyz", EVERYBODY, READ, open_to_all=True, answers=PROBE, is_probe=True),
    Page("metrics", EVERYBODY, READ, open_to_all=True, answers=PROBE, is_probe=True),
    Page("login", EVERYBODY, ANY, open_to_all=True, answers={"DELETE": frozenset({302, 405})}),
    Page("set_language", EVERYBODY, ANY, open_to_all=True),
    Page("components", EVERYBODY, READ),
    Page("display", EVERYBODY, WRITE, form={"theme": "dark"}),
    Page("logout", EVERYBODY, WRITE),
    Page("password_change", EVERYBODY, BOTH),
    Page("workbench:today", EVERYBODY, READ),
    Page("workbench:board_customers", frozenset({Role.BRANCH_MANAGER}), READ),
    Page("workbench:nudge", frozenset({Role.BRANCH_MANAGER}), WRITE, "alert", alert),
    Page("workbench:customer", CUSTOMER_STAFF, READ, "customer", customer),
    Page("workbench:timeline", OWNERS, READ, "customer", customer),
    Page("workbench:today_print", OWNERS, READ),
    Page("workbench:customer_print", OWNERS, READ, "customer", customer),
    Page("customers:list", OWNERS, READ),
    Page("customers:at_hand", CUSTOMER_STAFF, READ),
    Page("customers:star", CUSTOMER_STAFF, WRITE, "customer", customer, form={"on": "1"}),
    Page("workbench:alerts", OWNERS, READ),
    Page("workbench:contacts", OWNERS, READ),
    Page("workbench:plans", OWNERS, READ),
    Page("workbench:view_save", OWNERS, WRITE, arguments=a_list),
    Page("workbench:view_counts", OWNERS, READ, arguments=a_list),
    # Views and jobs are of their owners, not of customers: somebody else's is not there (tests/pages).
    Page("workbench:view_delete", OWNERS, WRITE, arguments=nowhere_id, answers={"POST": frozenset({404})}),
    Page("workbench:bulk_list", OWNERS, READ),
    Page("workbench:bulk_new", OWNERS, WRITE, form={"action": "plan", "all": "1"}),
    Page("workbench:bulk", OWNERS, READ, arguments=nowhere_id, answers={"GET": frozenset({404})}),
    Page("workbench:bulk_start", OWNERS, WRITE, arguments=nowhere_id, answers={"POST": frozenset({404})}),
    Page("workbench:bulk_progress", OWNERS, READ, arguments=nowhere_id, answers={"GET": frozenset({404})}),
    Page("workbench:bulk_undo", OWNERS, WRITE, arguments=nowhere_id, answers={"POST": frozenset({404})}),
    # Requests are of branches; each call's rows are told apart in tests/bulk.
    Page("workbench:handovers", MANAGER, READ),
    Page("workbench:handover_new", MANAGER, BOTH, answers=NOT_THERE),
    Page("workbench:handover", MANAGER, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("workbench:handover_tracker", MANAGER, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page(
        "workbench:handover_change",
        MANAGER,
        WRITE,
        arguments=lambda town, subject: {"pk": 2**40, "verb": "ask"},
        answers=NOT_THERE,
    ),
    Page("campaigns:list", OWNERS, READ),
    Page("campaigns:new", MANAGER, BOTH),
    # Campaigns are of branches; whose is whose, and each row, is told apart in tests/campaigns.
    Page("campaigns:campaign", OWNERS, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:edit", MANAGER, BOTH, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:calls", OWNERS, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:result", OWNERS, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:result_file", MANAGER, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:call_next", OWNERS, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page(
        "campaigns:call",
        OWNERS,
        BOTH,
        arguments=lambda town, subject: {"pk": 2**40, "member_pk": 2**40},
        answers=NOT_THERE,
    ),
    Page(
        "campaigns:change",
        MANAGER,
        WRITE,
        arguments=lambda town, subject: {"pk": 2**40, "verb": "ask"},
        answers=NOT_THERE,
    ),
    Page("workbench:move_told", OWNERS, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("archives:record_word", OWNERS, WRITE, of="customer", arguments=customer),
    Page("archives:record_print", OWNERS, READ, of="customer", arguments=customer),
    Page("archives:templates", ADMIN, BOTH),
    Page("archives:template_default", ADMIN, READ),
    Page("archives:placeholders", ADMIN, READ),
    Page("archives:template_file", ADMIN, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("archives:template_activate", ADMIN, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("exports:archive", OWNERS, BOTH, of="customer", arguments=customer),
    Page("workbench:pool", OWNERS, READ),
    Page("workbench:claim", frozenset({Role.RELATIONSHIP_MANAGER}), WRITE, arguments=nowhere_id),
    Page("workbench:pool_rules", MANAGER, BOTH),
    Page("workbench:pool_rule", MANAGER, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("workbench:pool_activate", MANAGER, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("workbench:pool_batch", MANAGER, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("customers:search", CUSTOMER_STAFF, WRITE, form={"q": "记"}),
    Page("customers:alert_snooze", OWNERS, WRITE, "alert", alert),
    Page("customers:alert_not_applicable", OWNERS, WRITE, "alert", alert),
    Page("customers:alert_reopen", OWNERS, WRITE, "alert", alert),
    Page(
        "customers:reveal",
        OWNERS,
        BOTH,
        "customer",
        lambda town, subject: {"pk": subject.customer.pk, "field": "mobile"},
    ),
    Page(
        "customers:reveal_account",
        OWNERS,
        BOTH,
        "account",
        lambda town, subject: {"pk": subject.customer.pk, "account_pk": subject.account.pk},
    ),
    Page("customers:relation_new", OWNERS, BOTH, "customer", customer),
    Page(
        "customers:relation_remove",
        OWNERS,
        WRITE,
        "relation",
        lambda town, subject: {"pk": subject.customer.pk, "relation_pk": relation_row(subject.customer).pk},
    ),
    Page("customers:household_leave", OWNERS, WRITE, "customer", customer),
    Page("customers:owner", MANAGER, BOTH, "customer", customer),
    Page("archives:contact_new", CUSTOMER_STAFF, BOTH, "customer", customer),
    Page("archives:contact_unbar", CUSTOMER_STAFF, WRITE, arguments=nowhere_id, answers={"POST": frozenset({404})}),
    Page("archives:lobby_note", frozenset({Role.LOBBY_MANAGER}), WRITE, "customer", customer),
    Page("archives:plan_new", OWNERS, BOTH, "customer", customer),
    Page("archives:ask", OWNERS, READ),
    Page("archives:record", OWNERS, READ, "customer", customer),
    Page("archives:record_history", OWNERS, READ, "customer", customer),
    Page(
        "archives:record_save",
        OWNERS,
        WRITE,
        "customer",
        lambda town, subject: {"pk": subject.customer.pk, "section": "work"},
    ),
    Page(
        "archives:record_reveal",
        OWNERS,
        BOTH,
        "customer",
        lambda town, subject: {"pk": subject.customer.pk, "value_pk": subject.sealed.pk},
    ),
    Page("archives:consent", CUSTOMER_STAFF, BOTH, "customer", customer),
    Page(
        "archives:contact_correct",
        CUSTOMER_STAFF,
        BOTH,
        arguments=nowhere_id,
        answers={"GET": frozenset({404}), "POST": frozenset({404})},
    ),
    Page("archives:risk", OWNERS, BOTH, "customer", customer),
    Page("archives:plan_move", OWNERS, WRITE, "plan", plan),
    Page("archives:plan_cancel", OWNERS, WRITE, "plan", plan),
    Page("archives:plan", OWNERS, READ, "plan", plan),
    Page("archives:complaints", CUSTOMER_STAFF, READ),
    Page("archives:complaint_new", CUSTOMER_STAFF, BOTH),
    Page("archives:complaint_of", CUSTOMER_STAFF, BOTH, "customer", customer),
    Page("archives:complaint", CUSTOMER_STAFF, READ, "complaint", complaint),
    Page("archives:complaint_step", CUSTOMER_STAFF, WRITE, "complaint", complaint_step),
    Page("archives:survey_new", CUSTOMER_STAFF, BOTH, "customer", customer),
    Page("archives:surveys", OWNERS, READ),
    Page("archives:survey_follow", OWNERS, WRITE, "survey", survey),
    Page("archives:calendar", OWNERS, READ),
    Page("archives:absences", OWNERS, BOTH),
    Page(
        "archives:absence_remove",
        OWNERS,
        WRITE,
        arguments=lambda town, subject: {"pk": 2**40},  # whose: tests/planning/test_absences.py
        answers={"POST": frozenset({404})},
    ),
    Page("archives:spread", OWNERS, WRITE, answers={"POST": frozenset({404})}),
    Page("archives:hand", OWNERS, WRITE, answers={"POST": frozenset({404})}),
    Page("archives:subscribe", OWNERS, WRITE),
    # The signed address is the key: a forged one is not there, whoever asks (tests/planning).
    Page(
        "archives:feed",
        EVERYBODY,
        READ,
        arguments=lambda town, subject: {"token": "forged"},
        open_to_all=True,
        answers={"GET": frozenset({404})},
    ),
    Page("archives:register", OWNERS, READ),
    Page("workbench:archive_quality", OWNERS, READ),
    Page("archives:care_next", OWNERS, READ, "customer", customer),
    Page(
        "archives:retirement",
        OWNERS,
        WRITE,
        "customer",
        lambda town, subject: {"pk": subject.customer.pk, "rule_pk": town.admin_rows["archives_retirementrule"]},
    ),
    Page("archives:gift_new", OWNERS, BOTH, "customer", customer),
    Page("archives:gift_list", OWNERS, READ),
    Page("archives:gift", OWNERS, READ, "gift", gift),
    Page(
        "archives:gift_act", OWNERS, WRITE, "gift", lambda town, subject: {"pk": subject.gift.pk, "kind": "withdrawn"}
    ),
    Page("archives:inspection_list", OWNERS, READ),
    Page("archives:inspection_draw", MANAGER, WRITE),
    Page("archives:inspection", OWNERS, READ, "inspection", inspection),
    Page("archives:inspection_judge", MANAGER, WRITE, "inspection", inspection),
    Page("archives:inspection_resubmit", OWNERS, WRITE, "inspection", inspection),
    Page("archives:quality", OWNERS, READ),
    Page("campaigns:retention", OWNERS, READ),
    # Targets are of branches and their managers; whose is whose is told apart in tests/campaigns.
    Page("campaigns:calendar", OWNERS, READ),
    Page("campaigns:targets", OWNERS, READ),
    Page("campaigns:target_new", MANAGER, BOTH),
    Page("campaigns:target", OWNERS, READ, arguments=nowhere_id, answers=NOT_THERE),
    Page("campaigns:target_split", MANAGER, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page(
        "campaigns:target_change",
        MANAGER,
        WRITE,
        arguments=lambda town, subject: {"pk": 2**40, "verb": "amount"},
        answers=NOT_THERE,
    ),
    Page("archives:finding", OWNERS, READ, "finding", finding),
    Page("archives:finding_judge", MANAGER, WRITE, "finding", finding),
    Page("campaigns:ledger", OWNERS, READ),
    Page("campaigns:customer_ledger", CUSTOMER_STAFF, READ, "customer", customer),
    Page("campaigns:entitlement_use", CUSTOMER_STAFF, WRITE, "customer", customer),
    Page("campaigns:points_give", OWNERS, WRITE, "customer", customer),
    Page("campaigns:entry_reverse", MANAGER, WRITE, "entry", entry),
    Page("campaigns:points_decide", MANAGER, WRITE, "request", points_request),
    Page("campaigns:refer", LOBBY, WRITE, "customer", customer),
    Page("campaigns:refer_across", OWNERS, BOTH, "customer", customer),
    Page("campaigns:introductions", OWNERS, READ, "customer", customer),
    Page("campaigns:prospects", CUSTOMER_STAFF, READ),
    Page("campaigns:prospect_new", CUSTOMER_STAFF, BOTH),
    Page("campaigns:prospect", CUSTOMER_STAFF, READ, "prospect", prospect),
    Page("campaigns:prospect_move", CUSTOMER_STAFF, WRITE, "prospect", prospect, form={"stage": "contacted"}),
    Page("campaigns:prospect_give", MANAGER, WRITE, "prospect", prospect),
    Page("campaigns:prospect_forget", CUSTOMER_STAFF, WRITE, "prospect", prospect),
    Page("campaigns:prospect_reveal", OWNERS, BOTH, "prospect", prospect),
    Page("campaigns:prospect_refer", LOBBY, WRITE, "prospect", prospect),
    Page("campaigns:referrals", CUSTOMER_STAFF, READ),
    Page("campaigns:waiting", CUSTOMER_STAFF, READ),
    Page("campaigns:referral_act", CUSTOMER_STAFF, WRITE, "referral", referral_result),
    Page("campaigns:presence", CUSTOMER_STAFF, WRITE),
    Page("campaigns:hand_over", LOBBY, BOTH),
    # Handovers are of branches (tests/campaigns tells them apart).
    Page("campaigns:take_over", LOBBY, WRITE, arguments=nowhere_id, answers=NOT_THERE),
    Page("exports:list", OWNERS, READ),
    Page("exports:new", OWNERS, BOTH, form={"file_format": "csv"}),
    Page("exports:export", OWNERS, READ, "export", export),
    Page("exports:progress", OWNERS, READ, "export", export),
    Page("exports:approve", MANAGER, WRITE, "export", export),
    Page("exports:refuse", MANAGER, WRITE, "export", export, {"refusal": "x"}),
    Page("exports:withdraw", OWNERS, WRITE, "export", export, answers=OWN_ALONE),
    Page("exports:file", OWNERS, WRITE, "export", export, answers=OWN_ALONE),
    Page("feeds:list", ADMIN, READ),
    Page("feeds:upload_new", ADMIN, BOTH),
    Page("feeds:template", ADMIN, READ, arguments=lambda town, subject: {"spec": "contact_history"}),
    Page("feeds:upload", ADMIN, READ, arguments=upload),
    Page("feeds:progress", ADMIN, READ, arguments=upload),
    Page("feeds:load", ADMIN, WRITE, arguments=upload),
    Page("feeds:discard", ADMIN, WRITE, arguments=upload),
    Page("feeds:withdraw", ADMIN, WRITE, arguments=load),
    Page("feeds:rejects", ADMIN, READ, arguments=load),
    Page("segments:list", SEGMENT_READERS, READ),
    Page("segments:new", OWNERS, BOTH),
    Page("segments:overlap", OWNERS, READ),
    Page("segments:segment", SEGMENT_READERS, READ, arguments=segment),
    Page("segments:compare", OWNERS, READ, arguments=segment),
    # A segment of the whole bank is changed by who leads all of it: for others its forms are not there.
    Page("segments:rule", MANAGER, BOTH, arguments=segment, answers=LED_ALONE),
    Page("segments:playbook", MANAGER | ADMIN, BOTH, arguments=segment, answers=LED_ALONE),
    Page("segments:freeze", OWNERS, WRITE, arguments=segment),
    Page("segments:active", MANAGER, WRITE, arguments=segment),
    Page("segments:decide", MANAGER | ADMIN, WRITE, arguments=segment_version),
    Page("segments:grade", OWNERS, WRITE, "customer", graded, form={"grade": ""}),
    Page("tiers:schemes", SEGMENT_READERS | AUDITOR, READ),
    Page("tiers:scheme", SEGMENT_READERS | AUDITOR, READ, arguments=scheme),
    Page("segments:profiling", OWNERS, WRITE, "customer", customer, form={"refuses": "0"}),
    Page("tiers:index", SEGMENT_READERS, READ, answers={"GET": frozenset({302})}),
    Page("tiers:moves", OWNERS, READ),
    Page("tiers:gaps", OWNERS, READ),
    # Tiers are of the whole bank: a manager of a branch reads what a draft would do there, and changes nothing.
    Page("tiers:drafts", MANAGER | ADMIN, READ),
    Page("tiers:draft_new", MANAGER | ADMIN, WRITE, answers={"POST": frozenset({302, 403, 404})}),
    Page("tiers:draft", MANAGER | ADMIN, BOTH, arguments=draft),
    Page("tiers:draft_progress", MANAGER | ADMIN, READ, arguments=draft),
    # A model is of the whole bank: a manager of a branch reads it, and changes nothing.
    Page("campaigns:propensity", NIGHT_READERS, READ),
    Page("campaigns:propensity_learn", MANAGER | ADMIN, WRITE, answers={"POST": frozenset({302, 403})}),
    Page(
        "campaigns:propensity_decide",
        MANAGER | ADMIN,
        WRITE,
        arguments=nowhere_id,
        answers={"POST": frozenset({404})},
    ),
    Page("tiers:draft_decide", MANAGER | ADMIN, WRITE, arguments=draft, answers={"POST": frozenset({302, 403})}),
    Page("jobs:list", NIGHT_READERS, READ),
    Page("jobs:run", NIGHT_READERS, READ, arguments=run),
    Page("jobs:progress", NIGHT_READERS, READ, arguments=run),
    Page("jobs:rerun", ADMIN, WRITE, arguments=run),
)

# Of the Django admin site: who sees the table, and whether its rows are added (a), changed (c), deleted (d) there.
ADMIN_TABLES: dict[str, tuple[frozenset[Role], str]] = {
    "archives_maintenancetemplate": (ADMIN, "ac"),
    "archives_planstep": (ADMIN, "ac"),
    "archives_plantype": (ADMIN, "ac"),
    "archives_agerule": (ADMIN, "ac"),
    "archives_archivefield": (ADMIN, "ac"),
    "archives_complaintterm": (ADMIN, "c"),
    "archives_contactcap": (ADMIN, "ac"),
    "archives_contactrule": (ADMIN, "ac"),
    "archives_surveyrule": (ADMIN, "ac"),
    "archives_examday": (ADMIN, "ac"),
    "archives_giftlimit": (ADMIN, "ac"),
    "archives_contactqualityrule": (ADMIN, "ac"),
    "archives_inspectioncriterion": (ADMIN, "ac"),
    "archives_retirementrule": (ADMIN, "ac"),
    "archives_inspectionrule": (ADMIN, "ac"),
    "archives_risklimit": (ADMIN, "c"),
    "archives_staleafter": (ADMIN, "ac"),
    "audit_auditentry": (AUDITOR, ""),
    "axes_accessattempt": (ADMIN, "d"),
    "campaigns_entitlement": (ADMIN, "ac"),
    "campaigns_entitlementterm": (ADMIN, "ac"),
    "campaigns_lobbyrule": (ADMIN, "ac"),
    "campaigns_seasontheme": (ADMIN, "ac"),
    "campaigns_pointsrule": (ADMIN, "ac"),
    "customers_alertrule": (ADMIN, ""),
    "customers_feedload": (ADMIN, ""),
    "customers_ownershiprule": (ADMIN, "ac"),
    "customers_product": (ADMIN, "ac"),
    "customers_productclassrule": (ADMIN, "c"),
    "jobs_jobrun": (ADMIN, ""),
    "organization_branch": (ADMIN, "ac"),
    "organization_contactcadence": (ADMIN, "ac"),
    "organization_daytarget": (ADMIN, "ac"),
    "organization_user": (ADMIN, "ac"),
    "organization_workday": (ADMIN, "acd"),
    "segments_grading": (ADMIN, "c"),
    "segments_tierscheme": (ADMIN, "ac"),
}
INSIDE = ADMIN | AUDITOR
NOT_FOUND = {method: frozenset({404}) for method in ANY}


def app(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"app_label": "customers"}


def member(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"id": town.admin_rows["organization_user"]}


def nowhere(town: Town, subject: Subject) -> Mapping[str, Any]:
    return {"url": "nowhere/"}


ADMIN_PAGES: tuple[Page, ...] = (
    Page("admin:index", INSIDE, ANY),
    Page("admin:login", INSIDE, ANY),
    Page("admin:logout", INSIDE, WRITE),
    Page("admin:password_change", INSIDE, ANY),
    Page("admin:password_change_done", INSIDE, READ),
    # Without a table named, nobody may ask; with one, the table's own page decides (test_admin_site).
    Page("admin:autocomplete", frozenset(), READ),
    Page("admin:jsi18n", INSIDE, READ),
    Page("admin:app_list", ADMIN, ANY, arguments=app, refusal=frozenset({403, 404})),
    Page(
        "admin:auth_user_password_change",
        ADMIN,
        ANY,
        arguments=lambda town, subject: {"id": town.admin_rows["organization_user"]},
    ),
    Page("admin:organization_workday_import", ADMIN, BOTH),
    Page("admin:?", INSIDE, ANY, arguments=nowhere, answers=NOT_FOUND),
)


def admin_pages(table: str, roles: frozenset[Role], rights: str) -> list[Page]:
    """The five pages of a table; a right that the table does not give is refused to everybody."""

    def row(town: Town, subject: Subject) -> Mapping[str, Any]:
        return {"object_id": town.admin_rows[table]}

    nobody: frozenset[Role] = frozenset()
    # A row that may be seen but not changed is shown; sending its form back is refused.
    shown = {"POST": frozenset({200, 302} if "c" in rights else {403})}
    return [
        Page(f"admin:{table}_changelist", roles, ANY),
        Page(f"admin:{table}_add", roles if "a" in rights else nobody, ANY),
        Page(f"admin:{table}_change", roles, ANY, arguments=row, answers=shown),
        Page(f"admin:{table}_history", roles, ANY, arguments=row),
        Page(f"admin:{table}_delete", roles if "d" in rights else nobody, ANY, arguments=row),
    ]


def policy() -> dict[str, Page]:
    """Every page by URL name."""
    pages = [*PAGES, *ADMIN_PAGES]
    for table, (roles, rights) in ADMIN_TABLES.items():
        pages += admin_pages(table, roles, rights)
    return {page.name: page for page in pages}
