"""A morning for the page tests: customers of two managers and of another branch, with alerts as a night writes them."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from crm.audit import pii
from crm.jobs.models import JobRun
from customers.models import Alert, BalanceChange, Customer, Holding
from tests.world import Bank

PHONE = "13912345678"
IDENTITY = "110101199003074477"


@dataclass
class Morning:
    """zhou has a deposit that matures tomorrow, lin is close to high, chen lost money; qian's customer is elsewhere."""

    day: date
    zhou: Customer
    lin: Customer
    chen: Customer
    foreign: Customer
    maturity: Alert
    upgrade: Alert
    outflow: Alert
    foreign_alert: Alert
    deposit: Holding


def raise_alert(customer: Customer, kind: str, severity: int, amount: Any, due: date, **fields: Any) -> Alert:
    day = timezone.localdate()
    defaults: dict[str, Any] = {
        "episode": f"{kind}:{due}",
        "rule_version": 1,
        "raised_on": day,
        "updated_on": day,
        "answer_by": timezone.now() + timedelta(hours=20),
    }
    return Alert.objects.using("batch").create(
        customer_id=customer.pk,
        branch_id=customer.branch_id,
        kind=kind,
        severity=severity,
        amount=Decimal(amount),
        due_date=due,
        **(defaults | fields),
    )


def identified(customer: Customer, phone: str, identity: str) -> None:
    """Give a customer an encrypted phone and identity number."""
    mobile, id_no = pii.seal(pii.MOBILE, customer.pk, phone), pii.seal(pii.ID_NO, customer.pk, identity)
    Customer.objects.using("batch").filter(pk=customer.pk).update(
        mobile_cipher=mobile.cipher,
        mobile_index=mobile.index,
        mobile_mask=mobile.mask,
        id_no_cipher=id_no.cipher,
        id_no_index=id_no.index,
        id_no_tail_index=id_no.tail_index,
        id_no_mask=id_no.mask,
        id_type="resident_id",
    )


def build(bank: Bank) -> Morning:
    """Write the morning; the data date is yesterday."""
    day = timezone.localdate()
    yesterday = day - timedelta(days=1)
    now = timezone.now()
    JobRun.objects.using("batch").create(
        job="nightly", business_date=yesterday, state="published", started_at=now, finished_at=now, published_at=now
    )
    zhou = bank.customer(
        "6100000001",
        owner=bank.wang,
        name="周秀兰",
        name_mask="周*兰",
        sex="F",
        name_pinyin="zhouxiulan",
        name_initials="zxl",
        name_bigrams=["周秀", "秀兰"],
        birth_date=date(1968, 5, 4),
        occupation="退休教师",
    )
    lin = bank.customer(
        "6100000002",
        owner=bank.wang,
        name="林建峰",
        name_mask="林*峰",
        sex="M",
        name_pinyin="linjianfeng",
        name_initials="ljf",
    )
    chen = bank.customer("6100000003", owner=bank.li, name="陈晓明", name_mask="陈*明", sex="M")
    foreign = bank.customer(
        "6200000001",
        branch=bank.north,
        owner=bank.qian,
        name="周秀英",
        name_mask="周*英",
        sex="F",
        name_bigrams=["周秀", "秀英"],
        name_initials="zxy",
        name_pinyin="zhouxiuying",
    )
    start = yesterday.replace(day=1) - timedelta(days=40)
    bank.metrics(zhou, Decimal("467600.00"), since=start, tier=3)
    bank.metrics(lin, Decimal("480000.00"), since=start, tier=3)
    bank.metrics(chen, Decimal("1032000.00"), since=start, tier=4)
    bank.metrics(foreign, Decimal("5000000.00"), since=start, tier=4)
    identified(zhou, PHONE, IDENTITY)
    due = day + timedelta(days=1)
    deposit = bank.holding(
        zhou, Decimal("80000.00"), product="TIME1Y", maturity_date=due, auto_rollover=False, rate=Decimal("1.2")
    )
    demand = bank.holding(zhou, Decimal("387600.00"))
    BalanceChange.objects.using("batch").create(
        branch_id=zhou.branch_id,
        customer=zhou,
        holding=demand,
        as_of=yesterday - timedelta(days=100),
        old_balance=Decimal("287600.00"),
        new_balance=Decimal("387600.00"),
        old_counted=Decimal("287600.00"),
        new_counted=Decimal("387600.00"),
    )
    maturity = raise_alert(
        zhou,
        "maturity",
        1,
        "80000.00",
        due,
        evidence={
            "holding": deposit.pk,
            "product": "定期一年",
            "balance": "80000.00",
            "maturity_date": due.isoformat(),
            "auto_rollover": False,
            "rate": "1.2000",
            "stage": 1,
        },
        clears_when={"code": "matured_or_changed", "after": due.isoformat()},
    )
    upgrade = raise_alert(
        lin,
        "upgrade_critical",
        2,
        "20000.00",
        day + timedelta(days=6),
        evidence={
            "scheme": "five",
            "scheme_version": 1,
            "value": "480000.00",
            "aum": "480000.00",
            "threshold": "500000.00",
            "rank": 3,
            "next_rank": 4,
            "share": "0.9600",
        },
        clears_when={"code": "outside_band", "to": "500000.00", "from": "400000.00"},
    )
    outflow_evidence = {
        "before": "1412000.00",
        "after": "1032000.00",
        "net": "-380000.00",
        "moved_on": yesterday.isoformat(),
        "share": "0.2691",
        "tier": 4,
        "threshold": "200000",
    }
    outflow = raise_alert(
        chen,
        "large_out",
        1,
        "380000.00",
        due,
        evidence=outflow_evidence,
        clears_when={"code": "flows_back", "aum": "1212000.00", "until": (day + timedelta(days=29)).isoformat()},
    )
    foreign_alert = raise_alert(
        foreign,
        "large_out",
        1,
        "380000.00",
        due,
        evidence=outflow_evidence,
        clears_when={"code": "flows_back", "aum": "1212000.00", "until": due.isoformat()},
    )
    return Morning(day, zhou, lin, chen, foreign, maturity, upgrade, outflow, foreign_alert, deposit)
