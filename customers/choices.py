from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CustomerType(models.TextChoices):
    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class CompanySize(models.TextChoices):
    SMALL = "small", _("Small or micro")
    MEDIUM = "medium", _("Medium")
    LARGE = "large", _("Large")


class CustomerStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")


class IdType(models.TextChoices):
    RESIDENT_ID = "resident_id", _("Resident identity card")
    PASSPORT = "passport", _("Passport")
    PERMIT = "permit", _("Travel permit")
    CREDIT_CODE = "credit_code", _("Unified social credit code")
    OTHER = "other", _("Other document")


class Sex(models.TextChoices):
    FEMALE = "F", _("Female")
    MALE = "M", _("Male")


class ProductClass(models.TextChoices):
    DEMAND = "demand", _("Demand deposit")
    TIME = "time", _("Time deposit")
    LARGE_CD = "large_cd", _("Large certificate of deposit")
    NOTICE = "notice", _("Notice deposit")
    WEALTH = "wealth", _("Wealth product")
    FUND = "fund", _("Fund")
    INSURANCE = "insurance", _("Insurance")
    TREASURY = "treasury", _("Treasury bond")
    METAL = "metal", _("Precious metal")
    TRUST = "trust", _("Trust")
    LOAN = "loan", _("Loan")
    CARD = "card", _("Card")
    E_BANKING = "e_banking", _("E-banking")


# What counts as a deposit (存款): the other asset classes count towards AUM only.


class ProductRisk(models.IntegerChoices):
    R1 = 1, "R1"
    R2 = 2, "R2"
    R3 = 3, "R3"
    R4 = 4, "R4"
    R5 = 5, "R5"


class HoldingStatus(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class FundingSource(models.TextChoices):
    OWN = "own", _("Own money")
    LOAN = "loan", _("Loan-funded")
    CLEARING = "clear", _("In transit or clearing")


class HolderRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    CO_HOLDER = "co_holder", _("Co-holder")


class OwnershipRole(models.TextChoices):
    MAIN = "main", _("Main owner")
    ASSISTANT = "assistant", _("Assistant owner")
    ADOPTED = "adopted", _("Adopted")


class RelationType(models.TextChoices):
    SPOUSE = "spouse", _("Spouse")
    CHILD = "child", _("Child")
    PARENT = "parent", _("Parent")
    SIBLING = "sibling", _("Sibling")
    EMPLOYER = "employer", _("Employer")
    EMPLOYEE = "employee", _("Employee")
    SHAREHOLDER = "shareholder", _("Shareholder")
    SHAREHOLDING = "shareholding", _("Company held")
    INTRODUCER = "introducer", _("Introducer")
    INTRODUCED = "introduced", _("Introduced customer")
    GUARANTOR = "guarantor", _("Guarantor")
    GUARANTEED = "guaranteed", _("Guaranteed party")


class AlertKind(models.TextChoices):
    MATURITY = "maturity", _("Maturity")
    UPGRADE_CRITICAL = "upgrade_critical", _("Close to upgrade")
    DOWNGRADE_CRITICAL = "downgrade_critical", _("Close to downgrade")
    LARGE_IN = "large_in", _("Large inflow")
    LARGE_OUT = "large_out", _("Large outflow")


class Severity(models.IntegerChoices):
    RED = 1, _("Red")
    AMBER = 2, _("Amber")
    INFORMATION = 3, _("Information")


class AlertState(models.TextChoices):
    NEW = "new", _("New")
    READ = "read", _("Read")
    FOLLOWING = "following", _("Following up")
    SNOOZED = "snoozed", _("Snoozed")
    CLOSED = "closed", pgettext_lazy("alert", "Closed")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


LIVE_ALERT_STATES = (AlertState.NEW, AlertState.READ, AlertState.FOLLOWING, AlertState.SNOOZED)


class CloseReason(models.TextChoices):
    CONDITION_GONE = "condition_gone", _("Condition gone")
    CONTACTED = "contacted", _("Customer contacted")
    SETTLED = "settled", _("Settled with the customer")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")
    CUSTOMER_CLOSED = "customer_closed", _("Customer closed")


class LoadState(models.TextChoices):
    RECEIVED = "received", _("Received")
    LOADING = "loading", _("Loading")
    ACCEPTED = "accepted", _("Accepted, waits for the night")
    STOPPED = "stopped", _("Stopped before the merge")
    FAILED = "failed", _("Failed")
    SUPERSEDED = "superseded", _("Replaced or withdrawn")
    PUBLISHED = "published", _("Published")


class UploadState(models.TextChoices):
    PREVIEW = "preview", _("Waits for confirmation")
    QUEUED = "queued", _("Waits for a worker")
    LOADING = "loading", _("Loading")
    OVER = "over", _("Loaded")
    REFUSED = "refused", _("Not loaded")
    DISCARDED = "discarded", _("Discarded")


class ListName(models.TextChoices):
    CUSTOMERS = "customers", _("Customers")
    ALERTS = "alerts", _("Alerts")
    CONTACTS = "contacts", _("Contacts")
    PLANS = "plans", _("Plans")
    RETENTION = "retention", _("Maturity retention")


class Audience(models.TextChoices):
    OWN = "own", _("Me alone")
    BRANCH = "branch", _("My branch")
    ROLE = "role", _("A role")
    EVERYBODY = "everybody", _("Everybody")


class Density(models.TextChoices):
    NORMAL = "normal", _("Normal")
    COMPACT = "compact", _("Compact")


class BulkAction(models.TextChoices):
    ASSIGN = "assign", _("Change of manager")
    PLAN = "plan", _("New plans")
    SEGMENT = "segment", _("Add to a segment")
    SNOOZE = "snooze", _("Put alerts off")
    DISMISS = "dismiss", _("Alerts not applicable")
    MOVE = "move", _("Move plans to another day")
    CLOSE = "close", _("Close plans")
    HAND = "hand", _("Hand plans to a colleague")
    HANDOVER = "handover", _("Handover")
    RECYCLE = "recycle", _("Back into the pool")


class BulkState(models.TextChoices):
    PREVIEW = "preview", _("Waits for confirmation")
    QUEUED = "queued", pgettext_lazy("a job", "Waits for a worker")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    UNDONE = "undone", _("Undone")


class BulkProblem(models.TextChoices):
    NO_RIGHT = "no_right", _("Whoever asked for it may not do this any more. Nothing further was changed.")
    NO_OWNER = "no_owner", _("The new manager has left or changed roles. Nothing further was changed.")
    NO_SEGMENT = "no_segment", _("The segment takes nobody in any more. Nothing further was changed.")
    TOO_MANY = "too_many", _("More match than one job may change. Narrow the list.")
    ALTERED = "altered", _("What was approved is not what stands there now. Nothing was changed.")
    ERROR = "error", _("An error stopped it. What was changed until then is listed and can be undone.")


class ItemOutcome(models.TextChoices):
    WAITING = "waiting", _("Waits")
    CHANGED = "changed", _("Changed")
    SAME = "same", _("Already so")
    OTHER_BRANCH = "other_branch", _("Belongs to another branch than the new manager")
    BARRED = "barred", _("Asked not to be called or texted")
    OUT_OF_SCOPE = "out_of_scope", _("No longer in your care")
    RESTORED = "restored", _("Restored")
    EDITED = "edited", _("Kept: changed again since")
    CLOSED_SINCE = "closed_since", _("Closed in the meantime")
    NOT_THEIRS = "not_theirs", _("Not a customer whom the colleague sees")
    NOT_ELIGIBLE = "not_eligible", _("Closed, refuses profiling, or of another branch than the segment")
    FORMER_LEFT = "former_left", _("Kept: the former manager has left the branch")
    MOVED_SINCE = "moved_since", _("Somebody else answers for the customer since")
    TARGET_LEFT = "target_left", _("The new manager has left or changed roles")
    HELD = "held", _("Left as it is: a complaint is open, or an inspection asks for it")
    IN_USE = "in_use", _("Served, grown or maturing in the meantime")


class RequestKind(models.TextChoices):
    HANDOVER = "handover", _("Handover")
    RECYCLE = "recycle", _("Back into the pool")


class RequestState(models.TextChoices):
    """Of a change of hands until somebody has decided; what becomes of it then is the job's state."""

    DRAFT = "draft", _("Not asked for yet")
    WAITING = "waiting", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", pgettext_lazy("export", "Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("Excel workbook (xlsx)")
    CSV = "csv", _("CSV, UTF-8")
    CSV_GB18030 = "csv_gb18030", _("CSV, GB18030")
    DOCX = "docx", _("Word document: one customer's archive")


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waits for approval")
    QUEUED = "queued", pgettext_lazy("a job", "Waits for a worker")
    RUNNING = "running", _("Being made")
    READY = "ready", _("Ready")
    FETCHED = "fetched", _("Downloaded")
    REFUSED = "refused", pgettext_lazy("export", "Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Not made")


class ExportProblem(models.TextChoices):
    """Why there is no file, each with the way out."""

    NOTHING = "nothing", _("Nothing matches any more. Change the filters and ask again.")
    OVER_LIMIT = "over_limit", _("It would exceed today's rows. Narrow the filters, or ask again tomorrow.")
    REVEALS = "reveals", _("It would exceed the plain values of a day. Narrow the filters, or ask for masked values.")
    NO_RIGHT = "no_right", _("Whoever asked may not see customers' balances any more. Nothing was made.")
    MOVED = "moved", _("Whoever asked has changed branch or reach since. Ask again, so that the right person approves.")
    WORKERS_DIED = "workers_died", _("Making the file was cut off three times. Tell whoever looks after the server.")
    ERROR = "error", _("Making the file failed. Ask again; if it fails again, tell whoever looks after the server.")
    FILE_GONE = "file_gone", _("The file is no longer there or is damaged. Ask again.")
    NOBODY_DECIDED = "nobody_decided", _("Nobody decided within seven days. Ask again, and tell your approver.")
