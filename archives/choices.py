from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    PHONE = "phone", _("Phone call")
    FACE = "face", _("Face to face")
    WECOM = "wecom", _("WeCom")
    SMS = "sms", _("Text message")
    LOBBY = "lobby", pgettext_lazy("contact channel", "Lobby")
    HOME_VISIT = "home_visit", _("Home visit")
    EVENT = "event", _("Event")


# Ways by which one meets the customer: a visit 面访 is done by these alone.
MET = (Channel.FACE, Channel.HOME_VISIT)
# The bank reaches out to the customer, who may be anywhere; elsewhere they come, or meet us where they agreed to.
REACHING_OUT = (Channel.PHONE, Channel.SMS, Channel.WECOM, Channel.HOME_VISIT)


class Direction(models.TextChoices):
    OUTBOUND = "outbound", _("Outbound")
    INBOUND = "inbound", _("Inbound")


class Purpose(models.TextChoices):
    MATURITY = "maturity", _("Maturity")
    CRITICAL = "critical", _("Close to a threshold")
    ALERT = "alert", _("Alert")
    CARE = "care", _("Care")
    CAMPAIGN = "campaign", _("Campaign")
    COMPLAINT = "complaint", _("Complaint")
    ARCHIVE = "archive", _("Filling the archive")
    SURVEY = "survey", _("Following up a survey")


# What is no marketing: goes on while a customer's complaint is open.
OWED = (Purpose.COMPLAINT, Purpose.SURVEY)


class Outcome(models.TextChoices):
    INTERESTED = "interested", _("Reached, interested")
    NOT_INTERESTED = "not_interested", _("Reached, not interested")
    NOT_REACHED = "not_reached", _("Not reached")
    BOOKED = "booked", _("Appointment made")
    SOLD = "sold", _("Sold")
    REFUSED = "refused", _("Refuses contact")
    RECEIVED = "received", _("Received in the lobby")


# Whoever logs a contact chooses from these; a reception is noted by the lobby's own button.
CONTACT_OUTCOMES = tuple((value, label) for value, label in Outcome.choices if value != Outcome.RECEIVED)

# An effective contact 有效联系 reached the customer (DOMAIN §6); a text message never counts.
REACHED = (Outcome.INTERESTED, Outcome.NOT_INTERESTED, Outcome.BOOKED, Outcome.SOLD, Outcome.REFUSED)


# The number of a recording 双录: no sentence, no address and no name.
RECORDING_NO = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._/-]*\Z", _("Write the number alone: letters, digits, and - _ . / between them.")
)

# Nothing is left to ask: the customer has decided, or wants no more contacts.
SETTLING = (Outcome.SOLD, Outcome.REFUSED)


def is_effective(channel: str, outcome: str) -> bool:
    """Did the contact reach the customer, so that it answers an alert?"""
    return outcome in REACHED and channel != Channel.SMS


def settles(channel: str, outcome: str) -> bool:
    """Does the contact confirm what happens, so that no later stage of the same alert asks again?"""
    return outcome in SETTLING and is_effective(channel, outcome)


class PlanState(models.TextChoices):
    """Overdue 超期 is no state: an open plan whose day has passed is overdue, whoever looks."""

    PLANNED = "planned", _("Planned")
    PAUSED = "paused", pgettext_lazy("plan", "Paused")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", pgettext_lazy("plan", "Cancelled")


# Still to be done, now or once nothing stands in the way any more.
LIVE_PLAN_STATES = (PlanState.PLANNED, PlanState.PAUSED)


class PlanCause(models.TextChoices):
    """Why a plan was closed otherwise than by a contact, or is paused."""

    PERSON = "person", _("Closed by a person")
    CUSTOMER_CLOSED = "customer_closed", _("Customer closed")
    NOT_ASKED = "not_asked", _("No longer asked for")
    COMPLAINT = "complaint", _("A complaint is open")


class PlanOrigin(models.TextChoices):
    """What asked for a plan; the last two come from people, all others are made by the night."""

    TIER = "tier", _("Contact cadence of the tier")
    VISIT = "visit", _("Visit cadence of the tier")
    ALERT = "alert", _("Alert")
    DATE = "date", _("Important date")
    CAMPAIGN = "campaign", _("Campaign")
    INSPECTION = "inspection", _("Archive returned by an inspection")
    MANUAL = "manual", _("Planned by a person")


# The regular contacts of a cycle: they can move, and nothing else hangs on their day.
REGULAR = (PlanOrigin.TIER, PlanOrigin.VISIT)


class TypeDimension(models.TextChoices):
    PREFERENCE = "preference", _("Product preference")
    HABIT = "habit", _("Buying habit")
    GRADE = "grade", _("Marketing grade")


class TemplateKind(models.TextChoices):
    DAILY = "daily", _("Routine maintenance")
    SPECIAL = "special", _("Special maintenance")
    CARE = "care", _("Customer care")


class Content(models.TextChoices):
    """维护内容 (DOMAIN 3.7)."""

    HARDWARE = "hardware", _("Facilities")
    SOFTWARE = "software", _("Service")
    FUNCTION = "function", _("Functions")
    PSYCHOLOGY = "psychology", _("Feelings")


class Method(models.TextChoices):
    """The seven methods (DOMAIN 3.7)."""

    DIFFERENCE = "difference", _("Differentiated service")
    VALUE = "value", _("More than expected")
    EMOTION = "emotion", _("Personal bond")
    PRODUCT = "product", _("Product follow-up")
    SALES = "sales", _("Wider sales")
    REVISIT = "revisit", _("Return visit")
    TRACKING = "tracking", _("Tracking")


class StepEvent(models.TextChoices):
    """What a step of the planner counts from."""

    CADENCE = "cadence", _("Contact cadence of the tier")
    VISIT = "visit", _("Visit cadence of the tier")
    OPENED = "opened", _("Customer opened")
    BIRTHDAY = "birthday", _("Birthday")
    FAMILY = "family", _("Birthday in the family")
    WEDDING = "wedding", _("Wedding anniversary")
    ANNIVERSARY = "anniversary", _("Anniversary with the bank")
    EXAM = "exam", _("Child's exam")
    RETIREMENT = "retirement", _("Retirement")
    OTHER_DATE = "other", _("Another important date")
    MATURITY = "maturity", _("Maturity")
    OTHER_BANK = "other_bank", _("Maturity at another bank")
    ALERT = "alert", _("Alert")


# Cycles of the tier; all others happen on a day.
CYCLES = (StepEvent.CADENCE, StepEvent.VISIT)
# Events that are important dates of a customer; the exams share one.
DATE_EVENTS = (
    StepEvent.BIRTHDAY,
    StepEvent.FAMILY,
    StepEvent.WEDDING,
    StepEvent.ANNIVERSARY,
    StepEvent.EXAM,
    StepEvent.RETIREMENT,
    StepEvent.OTHER_DATE,
)
GAOKAO, ZHONGKAO = "gaokao", "zhongkao"
# Kinds of an important date that come once; all others come each year.
ONCE = (GAOKAO, ZHONGKAO, StepEvent.EXAM, StepEvent.RETIREMENT)


class GiftOccasion(models.TextChoices):
    BIRTHDAY = "birthday", _("Birthday")
    FAMILY = "family", _("Birthday in the family")
    WEDDING = "wedding", _("Wedding anniversary")
    ANNIVERSARY = "anniversary", _("Anniversary with the bank")
    EXAM = "exam", _("Child's exam")
    RETIREMENT = "retirement", _("Retirement")
    FESTIVAL = "festival", _("Festival")
    EVENT = "event", _("Event of the bank")
    THANKS = "thanks", _("Thanks for business")


class GiftState(models.TextChoices):
    """What was last done about a gift; all but the first are steps."""

    ASKED = "asked", _("Waits for approval")
    APPROVED = "approved", pgettext_lazy("gift", "Approved")
    REFUSED = "refused", pgettext_lazy("gift", "Not approved")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Not given after all")
    REVERSED = "reversed", _("Reversed")


class GiftLimitKind(models.TextChoices):
    GIFT = "gift", _("One gift")
    CUSTOMER_YEAR = "customer_year", _("Gifts to a customer in a year")
    STAFF_MONTH = "staff_month", _("Gifts by a member of staff in a month")


class CustomerRisk(models.IntegerChoices):
    """风险承受能力: how much risk a customer can bear, as the bank's own assessment found it."""

    C1 = 1, _("C1 conservative")
    C2 = 2, _("C2 prudent")
    C3 = 3, _("C3 balanced")
    C4 = 4, _("C4 active")
    C5 = 5, _("C5 aggressive")


class AssessedThrough(models.TextChoices):
    COUNTER = "counter", _("At the counter")
    ONLINE = "online", _("Online or mobile banking")
    MACHINE = "machine", _("Smart terminal")


class Section(models.TextChoices):
    """The sections of the archive 客户营销档案, in the order of the page (DOMAIN §3)."""

    BASIC = "basic", pgettext_lazy("archive section", "Basics")
    FAMILY = "family", _("Family")
    WORK = "work", _("Work and income")
    ASSETS = "assets", _("Assets and liabilities")
    HOLDINGS = "holdings", _("Holdings and risk")
    OTHER_BANKS = "other_banks", _("Money at other banks")
    PREFERENCES = "preferences", _("Preferences")
    DATES = "dates", _("Important dates")
    NEEDS = "needs", _("Needs and opportunities")
    FARM = "farm", _("Farming")
    MERCHANT = "merchant", _("Trade")
    COMPANY = "company", pgettext_lazy("archive section", "Company")


# Sections of rows: one bank, one date, one need each.
ROWED = (Section.OTHER_BANKS, Section.DATES, Section.NEEDS)
# Filled from the core bank's files and what else the product keeps; nobody types them.
FROM_SYSTEM = (Section.HOLDINGS,)


class FieldKind(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", pgettext_lazy("kind of field", "Number")
    BAND = "band", _("Band of money")
    CHOICE = "choice", _("One of a list")
    MULTI = "multi", _("Several of a list")
    DATE = "date", pgettext_lazy("kind of field", "Date")
    LUNAR = "lunar", _("Day of the lunar calendar")
    SYSTEM = "system", _("Known from the core bank")


# Kinds that a list can be narrowed by, and a segment can ask for.
FILTERABLE = (FieldKind.TEXT, FieldKind.NUMBER, FieldKind.BAND, FieldKind.CHOICE, FieldKind.MULTI, FieldKind.DATE)


class Source(models.TextChoices):
    """Where a value of the archive comes from."""

    SAID = "said", _("said by the customer")
    SYSTEM = "system", _("from a system")
    OBSERVED = "observed", _("observed")


class Sensitivity(models.TextChoices):
    """JR/T 0171-2020: C2 is encrypted and masked, and revealed one value at a time."""

    C1 = "C1", "C1"
    C2 = "C2", "C2"


class AppliesTo(models.TextChoices):
    """Whose archive a field belongs to, and for whom it counts in completeness."""

    ALL = "all", _("everybody")
    PERSON = "person", _("people")
    COMPANY = "company", _("companies")
    MERCHANT = "merchant", _("merchants")
    FARMER = "farmer", _("farmers")


class ComplaintChannel(models.TextChoices):
    LOBBY = "lobby", _("In the branch")
    PHONE = "phone", _("By phone")
    HOTLINE = "hotline", _("Customer service line")
    LETTER = "letter", _("By letter or e-mail")
    ONLINE = "online", _("Mobile or online bank")
    REGULATOR = "regulator", _("Passed on by the regulator")
    OTHER = "other", pgettext_lazy("complaint", "Another way")


class ComplaintCategory(models.TextChoices):
    WAITING = "waiting", _("Waiting and queues")
    ATTITUDE = "attitude", _("Manner of the staff")
    PROCESS = "process", _("Procedure or mistake")
    SALES = "sales", _("Sale of a product")
    FEE = "fee", _("Fees and interest")
    DEPOSIT = "deposit", _("Account and deposit")
    LOAN = "loan", _("Loan")
    CARD = "card", _("Bank card")
    ELECTRONIC = "electronic", _("Mobile bank and machines")
    PRIVACY = "privacy", _("Personal information")
    OTHER = "other", pgettext_lazy("complaint", "Something else")


class ComplaintSeverity(models.IntegerChoices):
    GRAVE = 1, pgettext_lazy("complaint", "Grave")
    SERIOUS = 2, pgettext_lazy("complaint", "Serious")
    ORDINARY = 3, pgettext_lazy("complaint", "Ordinary")


class ComplaintKind(models.TextChoices):
    """How long the bank has for the answer (DOMAIN §4): 15 days, 30 where it is complex."""

    ORDINARY = "ordinary", pgettext_lazy("complaint", "Ordinary case")
    COMPLEX = "complex", pgettext_lazy("complaint", "Complex case")


class ComplaintTermKind(models.TextChoices):
    ORDINARY = "ordinary", pgettext_lazy("complaint", "Ordinary case")
    COMPLEX = "complex", pgettext_lazy("complaint", "Complex case")
    SPECIAL = "special", _("Special extension, with approval")


class ComplaintState(models.TextChoices):
    """Open until it is closed: an answered complaint still lacks its cause and what is done against it."""

    REGISTERED = "registered", pgettext_lazy("complaint", "Registered")
    IN_HAND = "in_hand", pgettext_lazy("complaint", "In hand")
    ANSWERED = "answered", pgettext_lazy("complaint", "Answered")
    CLOSED = "closed", pgettext_lazy("complaint", "Closed")


# While it stands in one of these the answer is owed.
UNANSWERED = (ComplaintState.REGISTERED, ComplaintState.IN_HAND)


class ComplaintAct(models.TextChoices):
    """What was done to a complaint, as its history names it."""

    REGISTER = "register", _("Complaint registered")
    TAKE = "take", _("Taken in hand")
    HAND = "hand", _("Handed to another handler")
    COMPLEX = "complex", _("Found to be complex")
    ASK = "ask", _("Special extension asked for")
    APPROVE = "approve", _("Special extension approved")
    REFUSE = "refuse", _("Special extension refused")
    ANSWER = "answer", _("Customer informed of the decision")
    CLOSE = "close", _("Complaint closed")


class Touch(models.TextChoices):
    """What a customer was asked about in a survey."""

    VISIT = "visit", _("Visit to the branch")
    CONTACT = "contact", _("Contact")
    PLAN = "plan", pgettext_lazy("survey", "Planned service")
    COMPLAINT = "complaint", _("Complaint")


class InspectionState(models.TextChoices):
    """What was last said of an archive that was drawn. The first and the last are no steps: nothing has been said yet,
    or the customer has closed before the archive passed, and nothing is left to look at."""

    DRAWN = "drawn", pgettext_lazy("inspection", "To be looked at")
    PASSED = "passed", pgettext_lazy("inspection", "Passed")
    RETURNED = "returned", pgettext_lazy("inspection", "Returned")
    RESUBMITTED = "resubmitted", pgettext_lazy("inspection", "Handed in again")
    CLOSED = "closed", _("Customer closed")


# What nothing more is done about.
SETTLED = (InspectionState.PASSED, InspectionState.CLOSED)
# What waits for the inspector, and what for the owner of the archive.
TO_JUDGE = (InspectionState.DRAWN, InspectionState.RESUBMITTED)
JUDGED = (InspectionState.PASSED, InspectionState.RETURNED)


class FlawKind(models.TextChoices):
    """What the night finds in contacts (docs/quality.md); the first two are found in one sitting of an author."""

    ALIKE = "alike", _("Texts alike")
    BURST = "burst", _("Entered in a burst")
    NO_NEXT = "no_next", _("Next step missing")
    NO_CHANGE = "no_change", _("Nothing followed")


# What somebody judges; the others are counted only.
FINDING_KINDS = (FlawKind.ALIKE, FlawKind.BURST)


class FindingState(models.TextChoices):
    """What was last said of a finding; all but the first are verdicts."""

    OPEN = "open", pgettext_lazy("finding", "To be judged")
    REASONABLE = "reasonable", pgettext_lazy("finding", "Reasonable")
    TALK = "talk", pgettext_lazy("finding", "To be talked over")


class PurposeKind(models.TextChoices):
    """What a purpose is before the law and the customer: a refusal of marketing leaves services alone."""

    MARKETING = "marketing", _("Marketing")
    SERVICE = "service", _("Service notice")
    OWED = "owed", _("Owed to the customer")


class ConsentPurpose(models.TextChoices):
    """What a customer agreed to or refused; empty: any contact at all."""

    ANY = "", _("Any contact")
    MARKETING = PurposeKind.MARKETING.value, PurposeKind.MARKETING.label
    SERVICE = PurposeKind.SERVICE.value, PurposeKind.SERVICE.label


class Evidence(models.TextChoices):
    """By what the bank could show that the customer said so."""

    SAID = "said", _("Said in a contact")
    SIGNED = "signed", _("Signed form")
    RECORDED = "recorded", _("Recorded call")
    WRITTEN = "written", _("Written message")
    GUARDIAN = "guardian", _("Signed by the guardian")
    MISTAKE = "mistake", _("Earlier entry was a mistake")


class Bar(models.TextChoices):
    """Why a customer may not be reached, as the SQL function contact_bar says it; the last two pass by themselves."""

    CLOSED = "closed", _("The customer has closed all accounts; nobody contacts them for a campaign.")
    DO_NOT_CONTACT = "do_not_contact", _("The customer asked not to be called or texted.")
    REFUSED = "refused", _("The customer refused contacts of this kind.")
    MINOR = "minor", _("The customer is a minor, and no guardian has agreed.")
    COMPLAINT = "complaint", _("A complaint is open; nothing is sold until it is closed.")
    NO_CONSENT = "no_consent", _("The customer has not agreed to contacts of this kind.")
    LEFT_ALONE = "left_alone", _("A running campaign leaves this customer alone; nobody contacts them for a campaign.")
    CAP = "cap", _("The customer has been contacted often enough for now.")
    HOURS = "hours", _("It is too early or too late to reach a customer.")
