"""Which pages `make screenshots` takes: one row for each picture, and why the other pages have none."""

import re
from dataclasses import dataclass

MANAGER, BRANCH, REGION, HEAD, LOBBY, ADMIN, AUDITOR = "1001", "1100", "0100", "0001", "1101", "0002", "0003"
DESK, TABLET, PHONE = 1366, 820, 390


@dataclass(frozen=True)
class Picture:
    """A page as one person of the demo bank sees it.

    `path` may name things that the bank has by then ("/customers/{customer}/", see tests/pictures/bank.py). `kept`: the
    README and docs show the first screen of it on a desk. `is_dark`: in the dark theme too. `press`: what is pressed
    first, so that more of the page shows.
    """

    name: str
    staff: str
    path: str
    widths: tuple[int, ...] = (DESK,)
    is_dark: bool = False
    kept: bool = False
    press: str = ""


PICTURES = (
    Picture("sign-in", "", "/login/", (DESK, PHONE)),
    Picture("today", MANAGER, "/", (DESK, TABLET, PHONE), is_dark=True, kept=True),
    Picture("today-log", MANAGER, "/", (DESK, PHONE), press="#worklist tr[data-row] [data-log]"),
    Picture("today-print", MANAGER, "/today/print/"),
    Picture("customer", MANAGER, "/customers/{customer}/", (DESK, TABLET, PHONE), is_dark=True, kept=True),
    Picture("customer-log", MANAGER, "/customers/{customer}/", (DESK, PHONE), press=".ident [data-log]"),
    Picture("customer-print", MANAGER, "/customers/{customer}/print/"),
    Picture("contact", MANAGER, "/customers/{customer}/contacts/new/", (DESK, PHONE)),
    Picture("plan", MANAGER, "/customers/{customer}/plans/new/", (DESK, PHONE)),
    Picture("timeline", MANAGER, "/customers/{customer}/timeline/"),
    Picture("relation", MANAGER, "/customers/{customer}/relations/new/"),
    Picture("reveal", MANAGER, "/customers/{customer}/reveal/mobile/"),
    Picture("owner", BRANCH, "/customers/{customer}/owner/"),
    Picture("archive", MANAGER, "/customers/{customer}/archive/", (DESK, PHONE), is_dark=True),
    Picture("archive-past", MANAGER, "/customers/{customer}/archive/?as_of=2026-01-31&today=1", (DESK, PHONE)),
    Picture("archive-versions", MANAGER, "/customers/{customer}/archive/history/", (DESK, PHONE)),
    Picture("archive-print", MANAGER, "/customers/{customer}/archive/print/"),
    Picture("archive-plain", MANAGER, "/exports/archives/{customer}/", (DESK, PHONE)),
    Picture("templates", ADMIN, "/archives/templates/", (DESK, PHONE)),
    Picture("placeholders", ADMIN, "/archives/templates/placeholders/", (DESK, PHONE)),
    Picture("consent", MANAGER, "/customers/{customer}/consent/", (DESK, PHONE)),
    Picture("settings-contact-caps", ADMIN, "/admin/archives/contactcap/"),
    Picture("settings-contact-rules", ADMIN, "/admin/archives/contactrule/"),
    Picture("risk", MANAGER, "/customers/{customer}/risk/", (DESK, PHONE)),
    Picture("customers", MANAGER, "/customers/", (DESK, PHONE), is_dark=True),
    Picture("customers-columns", BRANCH, "/customers/?tier=4", press=".tools details summary"),
    Picture("at-hand", MANAGER, "/customers/at-hand/", (DESK, PHONE)),
    Picture("alerts", MANAGER, "/alerts/", (DESK, PHONE)),
    Picture("contacts", MANAGER, "/contacts/", (DESK, PHONE)),
    Picture("plans", MANAGER, "/plans/", (DESK, PHONE)),
    Picture("plan-calendar", MANAGER, "/plans/calendar/", (DESK, PHONE), is_dark=True),
    Picture("plan-calendar-branch", BRANCH, "/plans/calendar/"),
    Picture("plan-detail", MANAGER, "/plans/{plan}/", (DESK, PHONE)),
    Picture("complaints", BRANCH, "/complaints/", (DESK, PHONE), is_dark=True),
    Picture("complaint-new", LOBBY, "/complaints/new/", (DESK, TABLET)),
    Picture("complaint", BRANCH, "/complaints/{complaint}/", (DESK, PHONE), is_dark=True),
    Picture("survey", LOBBY, "/customers/{customer}/surveys/new/", (DESK, TABLET, PHONE)),
    Picture("surveys", BRANCH, "/surveys/", (DESK, PHONE)),
    Picture("gift-new", MANAGER, "/customers/{customer}/gifts/new/", (DESK, PHONE)),
    Picture("gifts", BRANCH, "/gifts/", (DESK, PHONE)),
    Picture("inspections", BRANCH, "/archives/inspections/", (DESK, PHONE)),
    Picture("archive-quality", BRANCH, "/archives/quality/", (DESK, PHONE)),
    Picture("register", BRANCH, "/archives/register/", (DESK, PHONE)),
    Picture("quality", BRANCH, "/quality/", (DESK, PHONE), is_dark=True),
    Picture("quality-own", MANAGER, "/quality/", (DESK, PHONE)),
    Picture("retention", BRANCH, "/retention/", (DESK, PHONE), is_dark=True),
    Picture("retention-own", MANAGER, "/retention/?part=renewed"),
    Picture("finding", BRANCH, "/quality/{finding}/", (DESK, PHONE), is_dark=True),
    Picture("segments", BRANCH, "/segments/", (DESK, PHONE)),
    Picture("segment", BRANCH, "/segments/{segment}/", (DESK, PHONE), is_dark=True),
    Picture("segment-rule", HEAD, "/segments/{segment}/rule/", (DESK, PHONE)),
    Picture("segment-new", BRANCH, "/segments/new/"),
    Picture("segment-playbook", HEAD, "/segments/{segment}/playbook/"),
    Picture("tier-schemes", HEAD, "/tiers/schemes/", (DESK, PHONE)),
    Picture("tier-scheme", HEAD, "/tiers/schemes/{tier_scheme}/", (DESK, PHONE)),
    Picture("propensity", HEAD, "/campaigns/propensity/", (DESK, PHONE), is_dark=True),
    Picture("segments-overlap", BRANCH, "/segments/overlap/?s=women&s=payroll&s=life-young", (DESK, PHONE)),
    Picture("tier-moves", BRANCH, "/tiers/moves/?cell=3-2", (DESK, PHONE), is_dark=True),
    Picture("tier-gaps", BRANCH, "/tiers/gaps/", (DESK, PHONE)),
    Picture("tier-drafts", HEAD, "/tiers/drafts/", (DESK, PHONE)),
    Picture("tier-draft", HEAD, "/tiers/drafts/{draft}/", (DESK, PHONE), is_dark=True),
    Picture("board", BRANCH, "/", (DESK, TABLET, PHONE), is_dark=True, kept=True),
    Picture("board-region", REGION, "/", (DESK, PHONE)),
    Picture("board-customers", BRANCH, "/board/customers/?figure=waiting&manager=none", (DESK, PHONE)),
    Picture("bulk", BRANCH, "/bulk/"),
    Picture("bulk-preview", BRANCH, "/bulk/{bulk}/"),
    Picture("handovers", BRANCH, "/handovers/", (DESK, PHONE)),
    Picture("campaigns", REGION, "/campaigns/", (DESK, PHONE)),
    Picture("campaign", REGION, "/campaigns/1/", (DESK, PHONE), is_dark=True),
    Picture("campaign-result", REGION, "/campaigns/1/result/", (DESK, PHONE), is_dark=True),
    Picture("campaign-asked", HEAD, "/campaigns/2/", (DESK, PHONE)),
    Picture("campaign-new", REGION, "/campaigns/new/?type=reach-50000"),
    Picture("campaign-calls", BRANCH, "/campaigns/1/calls/", (DESK, PHONE)),
    Picture("campaign-left-alone", BRANCH, "/campaigns/1/calls/?status=left_alone"),
    Picture("pool", MANAGER, "/pool/", (DESK, PHONE)),
    Picture("pool-rules", BRANCH, "/pool/rules/", (DESK, PHONE)),
    Picture("exports", BRANCH, "/exports/", (DESK, PHONE)),
    Picture("export-new", MANAGER, "/exports/new/?tier=4"),
    Picture("export", MANAGER, "/exports/{export}/"),
    Picture("lobby", LOBBY, "/", (DESK, TABLET, PHONE)),
    Picture("lobby-handover", LOBBY, "/lobby/handover/", (DESK, TABLET)),
    Picture("prospects", BRANCH, "/prospects/", (DESK, PHONE), is_dark=True),
    Picture("prospect", BRANCH, "/prospects/{prospect}/", (DESK, PHONE)),
    Picture("prospect-new", LOBBY, "/prospects/new/", (DESK, TABLET, PHONE)),
    Picture("refer-across", MANAGER, "/customers/{customer}/refer/colleague/", (DESK, PHONE)),
    Picture("introductions", BRANCH, "/customers/{customer}/introductions/", (DESK, PHONE)),
    Picture("prospect-reveal", BRANCH, "/prospects/{prospect}/reveal/"),
    Picture("referrals", BRANCH, "/referrals/", (DESK, PHONE), is_dark=True),
    Picture("lobby-card", LOBBY, "/customers/{customer}/", (DESK, TABLET, PHONE), is_dark=True),
    Picture("jobs", ADMIN, "/jobs/", (DESK, PHONE), is_dark=True, kept=True),
    Picture("jobs-night", BRANCH, "/jobs/{run}/"),
    Picture("files", ADMIN, "/feeds/"),
    Picture("file-new", ADMIN, "/feeds/upload/"),
    Picture("file-preview", ADMIN, "/feeds/uploads/{upload}/"),
    Picture("password", MANAGER, "/password/"),
    Picture("problem", MANAGER, "/nowhere/", (DESK, PHONE)),
    Picture("components", MANAGER, "/_components/", is_dark=True),
    Picture("settings", ADMIN, "/admin/", is_dark=True),
    Picture("settings-tables", ADMIN, "/admin/customers/"),
    Picture("settings-gradings", ADMIN, "/admin/segments/grading/"),
    Picture("settings-schemes", ADMIN, "/admin/segments/tierscheme/"),
    Picture("settings-scheme", ADMIN, "/admin/segments/tierscheme/{scheme}/change/"),
    Picture("settings-alert-rules", ADMIN, "/admin/customers/alertrule/"),
    Picture("settings-ownership", ADMIN, "/admin/customers/ownershiprule/"),
    Picture("settings-products", ADMIN, "/admin/customers/product/"),
    Picture("settings-risk-limits", ADMIN, "/admin/archives/risklimit/"),
    Picture("settings-age-rules", ADMIN, "/admin/archives/agerule/"),
    Picture("settings-archive-fields", ADMIN, "/admin/archives/archivefield/"),
    Picture("settings-retirement-rules", ADMIN, "/admin/archives/retirementrule/"),
    Picture("settings-exam-days", ADMIN, "/admin/archives/examday/"),
    Picture("settings-lobby-rules", ADMIN, "/admin/campaigns/lobbyrule/"),
    Picture("settings-gift-limits", ADMIN, "/admin/archives/giftlimit/"),
    Picture("settings-contact-quality", ADMIN, "/admin/archives/contactqualityrule/"),
    Picture("settings-inspection-rules", ADMIN, "/admin/archives/inspectionrule/"),
    Picture("settings-inspection-criteria", ADMIN, "/admin/archives/inspectioncriterion/"),
    Picture("settings-staleness", ADMIN, "/admin/archives/staleafter/"),
    Picture("settings-complaint-terms", ADMIN, "/admin/archives/complaintterm/"),
    Picture("settings-surveys", ADMIN, "/admin/archives/surveyrule/"),
    Picture("settings-loads", ADMIN, "/admin/customers/feedload/"),
    Picture("settings-branches", ADMIN, "/admin/organization/branch/"),
    Picture("settings-cadence", ADMIN, "/admin/organization/contactcadence/"),
    Picture("settings-targets", ADMIN, "/admin/organization/daytarget/"),
    Picture("settings-work-calendar", ADMIN, "/admin/organization/workday/"),
    Picture("settings-work-calendar-import", ADMIN, "/admin/organization/workday/import/"),
    Picture("settings-plan-types", ADMIN, "/admin/archives/plantype/"),
    Picture("settings-templates", ADMIN, "/admin/archives/maintenancetemplate/"),
    Picture("settings-steps", ADMIN, "/admin/archives/planstep/"),
    Picture("settings-people", ADMIN, "/admin/organization/user/"),
    Picture("settings-person-new", ADMIN, "/admin/organization/user/add/"),
    Picture("settings-runs", ADMIN, "/admin/jobs/jobrun/"),
    Picture("settings-attempts", ADMIN, "/admin/axes/accessattempt/"),
    Picture("audit", AUDITOR, "/admin/audit/auditentry/"),
)

# URL names, as patterns, of pages that answer a GET and have no picture of their own.
WITHOUT = {
    "healthz|readyz|metrics": "for machines",
    "set_language": "changes the language and leads back",
    "tiers:index": "leads to the first page about tiers",
    "archives:complaint_of": "the same page as archives:complaint_new",
    "logout": "leads to the sign-in page",
    "customers:star": "a button",
    "customers:reveal_account|archives:record_reveal": "the same page as customers:reveal",
    "workbench:view_counts|workbench:bulk_progress|exports:progress|feeds:progress|jobs:progress": "a part of a page",
    "workbench:handover_new|workbench:handover|workbench:handover_tracker": "need a request; the bank has none",
    "campaigns:edit": "the same form as campaigns:new",
    "campaigns:call": "by day only: at night nobody may be called (tests/browser)",
    "workbench:pool_rule": "needs a rule; the bank has none",
    "archives:care_next": "a part of archives:record",
    "archives:gift": "needs a gift; the bank has none",
    "archives:feed|archives:template_file|archives:template_default": "a file",
    "archives:contact_correct": "the form of a contact, as archives:contact_new; needs one of the reader's own",
    "archives:inspection": "shows the archive as archives:record does, beside forms; needs a sample drawn first",
    "campaigns:waiting": "a part of workbench:today",
    "segments:compare": "a part of segments:segment",
    "tiers:draft_progress": "a part of tiers:draft",
    "feeds:rejects|feeds:template": "a file",
    "admin:login|admin:password_change.*|admin:auth_user_password_change": "Django's, as that of a new person",
    "admin:autocomplete|admin:jsi18n|admin:\\?": "no pages",
    "admin:.*_(add|change|history|delete)": "Django's forms, as those of a scheme and a new person",
}


def reason_without(url_name: str) -> str:
    """Why a page has no picture; "" when there is none."""
    return next((why for pattern, why in WITHOUT.items() if re.fullmatch(pattern, url_name)), "")
