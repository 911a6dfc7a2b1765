"""What a purpose of a contact is, what customers agree to or refuse, and why somebody may not be reached."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
