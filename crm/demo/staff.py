"""The made-up bank: branch tree, staff with random passwords, product catalogue."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from crm.demo import names
from crm.organization.choices import BranchLevel, Reach, Role
from crm.organization.models import Branch, User
from crm.organization.passwords import new_password
from customers.models import Product

MANAGERS = 20

# Code, name, level, code of the parent.
BRANCHES = (
    ("000", "总行", BranchLevel.HEAD_OFFICE, ""),
    ("100", "滨江分行", BranchLevel.REGIONAL, "000"),
    ("110", "城区支行", BranchLevel.SUB_BRANCH, "100"),
    ("111", "江滨路网点", BranchLevel.OUTLET, "110"),
    ("112", "学府路网点", BranchLevel.OUTLET, "110"),
    ("120", "开发区支行", BranchLevel.SUB_BRANCH, "100"),
    ("121", "科技园网点", BranchLevel.OUTLET, "120"),
    ("200", "临海分行", BranchLevel.REGIONAL, "000"),
    ("210", "海湾支行", BranchLevel.SUB_BRANCH, "200"),
    ("211", "渔港路网点", BranchLevel.OUTLET, "210"),
)
# The outlets that have customers, and their shares.
OUTLETS = (("111", 0.90), ("112", 0.05), ("121", 0.03), ("211", 0.02))

# Code, name, class, risk, term in days, smallest amount, counts in AUM.
PRODUCTS = (
    ("DEMAND", "活期储蓄", "demand", 1, None, None, True),
    ("TIME3M", "整存整取三个月", "time", 1, 90, 50, True),
    ("TIME6M", "整存整取六个月", "time", 1, 180, 50, True),
    ("TIME1Y", "整存整取一年", "time", 1, 365, 50, True),
    ("TIME2Y", "整存整取二年", "time", 1, 730, 50, True),
    ("TIME3Y", "整存整取三年", "time", 1, 1095, 50, True),
    ("CD3Y", "大额存单三年期", "large_cd", 1, 1095, 200000, True),
    ("NOTICE7", "七天通知存款", "notice", 1, None, 50000, True),
    ("WM-STABLE", "稳享封闭式理财", "wealth", 2, 182, 10000, True),
    ("WM-DAILY", "日日盈开放式理财", "wealth", 1, None, 1, True),
    ("FUND-MIX", "优选混合基金", "fund", 4, None, 10, True),
    ("FUND-BOND", "安鑫债券基金", "fund", 3, None, 10, True),
    ("INS-ANN", "颐享年金保险", "insurance", 2, 1825, 10000, True),
    ("BOND-5Y", "储蓄国债五年期", "treasury", 1, 1825, 100, True),
    ("GOLD", "积存金", "metal", 5, None, 1, True),
    ("TRUST-A", "家业传承信托", "trust", 4, 730, 1000000, True),
    ("LOAN-HOME", "个人住房贷款", "loan", 1, None, None, False),
    ("LOAN-BIZ", "个人经营贷款", "loan", 1, None, None, False),
    ("CARD", "信用卡", "card", 1, None, None, False),
    ("EBANK", "手机银行", "e_banking", 1, None, None, False),
)


@dataclass(frozen=True)
class Login:
    """One line of the printed table; the password is kept nowhere else in plain text."""

    role: str
    staff_no: str
    name: str
    branch: str
    password: str


def make_branches() -> dict[str, Branch]:
    """The tree 总行 › 分行 › 支行 › 网点, by code; branches that exist already stay as they are."""
    branches: dict[str, Branch] = {}
    for code, name, level, parent in BRANCHES:
        above = branches.get(parent)
        branch, is_new = Branch.objects.using("batch").get_or_create(
            code=code, defaults={"name": name, "level": level, "parent": above}
        )
        if is_new:
            branch.path = f"{above.path if above else '.'}{branch.pk}."
            branch.save(using="batch", update_fields=["path"])
        branches[code] = branch
    return branches


def make_products() -> None:
    """The catalogue: every class, risks R1 to R5."""
    for code, name, kind, risk, term, least, counted in PRODUCTS:
        Product.objects.using("batch").get_or_create(
            code=code,
            defaults={
                "name": name,
                "product_class": kind,
                "risk": risk,
                "term_days": term,
                "min_amount": least,
                "counts_in_aum": counted,
            },
        )


def make_staff(branches: dict[str, Branch]) -> list[Login]:
    """Everybody who signs in: twenty relationship managers of the main outlet, its neighbours, and those above."""
    manager, lobby, head = Role.RELATIONSHIP_MANAGER, Role.LOBBY_MANAGER, Role.BRANCH_MANAGER
    people = [
        *((f"{1001 + at}", name, manager, "111", Reach.OWN) for at, name in enumerate(names.STAFF_NAMES[:MANAGERS])),
        ("1101", "赵丹", lobby, "111", Reach.BRANCH),
        ("1102", "宋佳宁", lobby, "111", Reach.BRANCH),
        ("1100", "何文斌", head, "111", Reach.BRANCH),
        ("1201", "钱思琪", manager, "112", Reach.OWN),
        ("1200", "罗志远", head, "112", Reach.BRANCH),
        ("1301", "唐慧", manager, "121", Reach.OWN),
        ("2101", "冯海燕", manager, "211", Reach.OWN),
        ("2100", "吕明", head, "211", Reach.BRANCH),
        ("0110", "郑凯", head, "110", Reach.SUBTREE),
        ("0100", "孙立群", head, "100", Reach.SUBTREE),
        ("0001", "周国栋", head, "000", Reach.SUBTREE),
        ("0002", "陆敏", Role.ADMIN, "000", Reach.SUBTREE),
        ("0003", "吴清", Role.AUDITOR, "000", Reach.SUBTREE),
    ]
    logins = []
    for staff_no, name, role, code, reach in people:
        password = new_password()
        user = User(staff_no=staff_no, name=name, role=role, branch=branches[code], reach=reach)
        user.set_password(password)
        user.save(using="batch")
        logins.append(Login(str(Role(role).label), staff_no, name, branches[code].name, password))
    return logins


def login_table(logins: list[Login]) -> str:
    """The logins as aligned columns (Chinese characters are two columns wide)."""
    rows = [[_("Role"), _("Staff number"), _("Name"), _("Branch"), _("Password")]]
    rows += [[one.role, one.staff_no, one.name, one.branch, one.password] for one in logins]
    widths = [max(columns_of(row[at]) for row in rows) for at in range(5)]
    return "\n".join(
        "  ".join(cell + " " * (width - columns_of(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def columns_of(text: str) -> int:
    """Columns on a terminal."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
