"""The named actors of the tests: three branches that must not see each other, and who works there."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models

from archives.models import ContactLog
from crm import db
from crm.organization.choices import BranchLevel, Reach, Role
from crm.organization.models import Branch, User
from customers.models import Account, AccountHolder, Customer, Holding, Metrics, Ownership, Product

PASSWORD = "correct-horse-battery"
TODAY = date(2026, 3, 10)


@dataclass
class Bank:
    """head › region › sub › (south, north), head › other region › far; and their people.

    wang and li are relationship managers of south, zhao its lobby manager, he its branch manager; qian is a
    relationship manager of north, feng of far; sun leads the region, zhou the head office; lu administers, wu audits.
    """

    head: Branch
    region: Branch
    sub: Branch
    south: Branch
    north: Branch
    far: Branch
    wang: User
    li: User
    zhao: User
    he: User
    qian: User
    feng: User
    sun: User
    zhou: User
    lu: User
    wu: User
    products: dict[str, Product] = field(default_factory=dict)

    def customer(
        self, customer_no: str, *, branch: Branch | None = None, owner: User | None = None, **fields: Any
    ) -> Customer:
        """A customer of a branch (south unless told), with a main owner where one is named."""
        place = branch or self.south
        fields.setdefault("name", f"客户{customer_no}")
        fields.setdefault("name_mask", f"客*{customer_no[-1]}")
        fields.setdefault("open_date", date(2020, 1, 1))
        customer = Customer.objects.using("batch").create(customer_no=customer_no, branch_id=place.pk, **fields)
        if owner is not None:
            Ownership.objects.using("batch").create(
                customer_id=customer.pk, branch_id=place.pk, owner_id=owner.pk, since=date(2020, 1, 1), reason="test"
            )
        return customer

    def metrics(
        self, customer: Customer, aum: Decimal | int, *, since: date = date(2026, 1, 1), tier: int = 1
    ) -> Metrics:
        """The nightly row of a customer whose balance has stood since a day in the past."""
        return Metrics.objects.using("batch").create(
            customer=customer, branch_id=customer.branch_id, aum=aum, deposit=aum, since_date=since, tier=tier
        )

    def holding(self, customer: Customer, balance: Decimal | int, *, product: str = "DEMAND", **fields: Any) -> Holding:
        """A holding in an account of its own."""
        number = f"{customer.customer_no}-{Account.objects.using('batch').count()}"
        account = Account.objects.using("batch").create(
            customer=customer,
            branch_id=customer.branch_id,
            account_no_index=hashlib.sha256(number.encode()).digest()[:16],
            account_no_mask=f"****{number[-4:]}",
        )
        AccountHolder.objects.using("batch").create(
            account=account, customer=customer, branch_id=customer.branch_id, role="owner"
        )
        return Holding.objects.using("batch").create(
            customer=customer,
            branch_id=customer.branch_id,
            account=account,
            product=self.products[product],
            balance=balance,
            **fields,
        )


def build() -> Bank:
    """Write the world to the test database (committed, so that every role's connection sees it)."""
    head = make_branch("000", "总行", BranchLevel.HEAD_OFFICE, None)
    region = make_branch("100", "滨江分行", BranchLevel.REGIONAL, head)
    sub = make_branch("110", "城区支行", BranchLevel.SUB_BRANCH, region)
    south = make_branch("111", "城南网点", BranchLevel.OUTLET, sub)
    north = make_branch("112", "城北网点", BranchLevel.OUTLET, sub)
    other = make_branch("200", "临海分行", BranchLevel.REGIONAL, head)
    far = make_branch("211", "海湾网点", BranchLevel.OUTLET, other)
    manager, lobby, rm = Role.BRANCH_MANAGER, Role.LOBBY_MANAGER, Role.RELATIONSHIP_MANAGER
    products = {
        code: Product.objects.using("batch").create(code=code, name=name, product_class=kind, counts_in_aum=counted)
        for code, name, kind, counted in (
            ("DEMAND", "活期", "demand", True),
            ("TIME1Y", "定期一年", "time", True),
            ("WEALTH", "稳享理财", "wealth", True),
            ("LOAN", "个人贷款", "loan", False),
        )
    }
    return Bank(
        head=head,
        region=region,
        sub=sub,
        south=south,
        north=north,
        far=far,
        wang=make_user("1001", "王静怡", rm, south, Reach.OWN),
        li=make_user("1002", "李明轩", rm, south, Reach.OWN),
        zhao=make_user("1003", "赵雨桐", lobby, south, Reach.BRANCH),
        he=make_user("1004", "何文斌", manager, south, Reach.BRANCH),
        qian=make_user("1101", "钱思琪", rm, north, Reach.OWN),
        feng=make_user("2101", "冯海燕", rm, far, Reach.OWN),
        sun=make_user("0101", "孙立群", manager, region, Reach.SUBTREE),
        zhou=make_user("0001", "周国栋", manager, head, Reach.SUBTREE),
        lu=make_user("0002", "陆敏", Role.ADMIN, head, Reach.SUBTREE),
        wu=make_user("0003", "吴清", Role.AUDITOR, head, Reach.SUBTREE),
        products=products,
    )


def make_branch(code: str, name: str, level: str, parent: Branch | None) -> Branch:
    branch = Branch.objects.using("batch").create(code=code, name=name, level=level, parent=parent)
    branch.path = f"{parent.path if parent else '.'}{branch.pk}."
    branch.save(using="batch", update_fields=["path"])
    return branch


@cache
def password_hash() -> str:
    """The password of everybody here; a hash is made to be slow, so that one is enough."""
    return make_password(PASSWORD)


def make_user(staff_no: str, name: str, role: str, branch: Branch, reach: str) -> User:
    user = User(staff_no=staff_no, name=name, role=role, branch=branch, reach=reach, password=password_hash())
    user.save(using="batch")
    user._state.db = "default"
    return user


def rewrite_contacts(contacts: models.QuerySet[ContactLog], **values: Any) -> None:
    """Give contacts another time, which nobody may in the product: the guard of their table is off meanwhile."""
    db.execute("ALTER TABLE archives_contactlog DISABLE TRIGGER contact_stays", using="owner")
    contacts.using("batch").update(**values)
    db.execute("ALTER TABLE archives_contactlog ENABLE TRIGGER contact_stays", using="owner")
