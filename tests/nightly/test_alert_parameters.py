"""What the admin site takes as parameters of an alert rule, and how it says what is wrong."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from crm.organization.models import User
from customers import alert_parameters, alert_rules
from customers.choices import AlertKind
from customers.models import AlertRule
from tests.world import Bank

MATURITY = {
    "first_days": 30, "first_min_amount": 50000, "first_min_tier": 3, "second_days": 7, "last_days": 1,
    "rollover_days": 7,
}  # fmt: skip
BY_TIER = {"5": 1000000, "3": 50000.5}


@pytest.mark.parametrize(
    ("kind", "parameters", "told"),
    [
        ("maturity", MATURITY | {"first_days": 30.5}, "first_days must be a whole number from 0 to 365"),
        ("maturity", MATURITY | {"first_days": "30"}, "first_days must be a whole number from 0 to 365"),
        ("maturity", MATURITY | {"last_days": 7}, "last_days must be less than second_days"),
        ("maturity", MATURITY | {"rollover_days": 31}, "rollover_days must not be more than first_days"),
        ("maturity", MATURITY | {"third_days": 3}, "Unknown: third_days."),
        ("maturity", {"first_days": 30}, "Missing: first_min_amount, first_min_tier"),
        ("upgrade_critical", {"from_share": 5, "hot_share": 0.9}, "from_share must be a number from 0.01 to 0.99"),
        ("upgrade_critical", {"from_share": 0.9, "hot_share": 0.8}, "hot_share must not be less than from_share"),
        ("upgrade_critical", {"from_share": float("nan"), "hot_share": 0.8}, "from_share must be a number"),
        ("downgrade_critical", {"below_share": 0.9}, "below_share must be a number from 1 to 2"),
        ("downgrade_critical", {"below_share": True}, "below_share must be a number from 1 to 2"),
        ("large_out", {"by_tier": BY_TIER, "min_share": 20}, "min_share must be a number from 0 to 1"),
        ("large_out", {"by_tier": {"mid": 1}, "min_share": 0.2}, "by_tier must give an amount by tier"),
        ("large_in", {"by_tier": [50000]}, "by_tier must give an amount by tier"),
        ("large_in", {"by_tier": {"3": "50000"}}, "by_tier 3 must be a number from 1 to"),
        ("large_in", {"by_tier": BY_TIER, "keep_days": 0}, "keep_days must be a whole number from 1 to 365"),
        ("large_in", [], "These parameters and no others: by_tier, keep_days"),
    ],
)
def test_what_the_night_could_not_use_is_refused_in_words(kind: str, parameters: Any, told: str) -> None:
    with translation.override("en"), pytest.raises(alert_parameters.BadParameters) as refused:
        alert_parameters.check(kind, parameters)
    assert told in str(refused.value)


def test_what_is_in_force_is_allowed(bank: Bank) -> None:
    rules = alert_rules.in_force(date(2026, 3, 10))
    assert set(rules) == set(AlertKind)
    for kind, rule in rules.items():
        alert_parameters.check(kind, rule.parameters)
    alert_parameters.check("large_in", {"by_tier": BY_TIER, "keep_days": 14})


def test_the_form_says_it_beside_the_field(bank: Bank, client_of: Callable[[User], Client]) -> None:
    rule = alert_rules.new_version("upgrade_critical", timezone.localdate())
    client = client_of(bank.lu)
    page = reverse("admin:customers_alertrule_change", args=[rule.pk])
    form: dict[str, Any] = {"effective_from": rule.effective_from, "is_active": "on", "source": "test"}
    wrong = {"parameters": json.dumps({"from_share": 5, "hot_share": 0.9}), "answer_hours": -1}
    answer = client.post(page, form | wrong)
    assert set(answer.context["adminform"].form.errors) == {"parameters", "answer_hours"}
    right = {"parameters": json.dumps({"from_share": 0.5, "hot_share": 0.9}), "answer_hours": 48}
    assert client.post(page, form | right).status_code == 302
    assert AlertRule.objects.get(pk=rule.pk).parameters["from_share"] == 0.5
