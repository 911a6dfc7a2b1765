"""What a person reads when a file or a row is not taken: Chinese and English, side by side in reject files."""

from dataclasses import dataclass

BETWEEN = " / "


def both(chinese: str, english: str) -> str:
    """One text for whoever reads it later, in whichever language."""
    return f"{chinese}{BETWEEN}{english}"


def spoken(message: str, language: str) -> str:
    """The half of a text of `both` that this language reads; a text of one language stays as it is.

    What both halves quote, a file name or an error, may contain the divider too: then it does so in each of them.
    """
    parts = message.split(BETWEEN)
    if len(parts) % 2:
        return message
    middle = len(parts) // 2
    return BETWEEN.join(parts[:middle] if language.startswith("zh") else parts[middle:])


class FileStopped(Exception):
    """The file cannot be loaded as a whole; the message says why, in both languages. Nothing was merged."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(both(chinese, english))


@dataclass(frozen=True)
class Reason:
    """Why a row was left out. `code` is what reject files and counts group by."""

    chinese: str
    english: str

    def spoken(self, language: str) -> str:
        return self.chinese if language.startswith("zh") else self.english


REASONS = {
    "columns": Reason("列数与表头不符", "the number of columns differs from the header's"),
    "required": Reason("必填项为空", "a required value is missing"),
    "too_long": Reason("超过允许长度", "longer than allowed"),
    "characters": Reason("含有不允许的控制字符", "contains control characters"),
    "amount": Reason("不是金额（最多12位整数、2位小数）", "not an amount (at most 12 digits and 2 decimals)"),
    "integer": Reason("不是整数（最多5位）", "not a whole number (at most 5 digits)"),
    "rate": Reason("不是利率", "not a rate"),
    "date": Reason("不是日期", "not a date"),
    "moment": Reason("不是日期时间（如 2026-03-27 14:30）", "not a day with a time (2026-03-27 14:30)"),
    "date_range": Reason("日期不在1900至2099年之间", "the date is not between 1900 and 2099"),
    "choice": Reason("不在允许的取值之内", "not one of the allowed values"),
    "duplicate": Reason("与文件中前面的行重复", "repeats an earlier row of the file"),
    "id_length": Reason("证件号码长度不对", "the identity number has a wrong length"),
    "id_check": Reason("证件号码校验位不符", "the check digit of the identity number is wrong"),
    "id_birth": Reason("证件号码中的出生日期不存在", "the birth date in the identity number does not exist"),
    "id_region": Reason("证件号码的地区码从未启用", "the region of the identity number never existed"),
    "branch": Reason("机构号不存在", "unknown branch"),
    "customer": Reason("客户号不存在", "unknown customer"),
    "account": Reason("账号不存在", "unknown account"),
    "product": Reason("产品代码不存在", "unknown product"),
    "owner": Reason("管户人工号不存在或已停用", "unknown or inactive member of staff"),
    "owner_branch": Reason("管户人不属于该客户的机构", "the member of staff belongs to another branch"),
    "staff": Reason("工号不存在", "unknown member of staff"),
    "future": Reason("时间还没有到", "the moment has not come yet"),
    "next_before": Reason("下次联系日期早于本次联系", "the next contact lies before this one"),
    "negative": Reason("金额不能为负", "the amount is negative"),
    "other_customer": Reason(
        "该来源编号先前已导入到另一位客户", "this number of the source was imported before, for another customer"
    ),
    "corrected": Reason(
        "该联系导入后已有人更正，以更正为准", "somebody has corrected this contact since; the correction stands"
    ),
    "entitlement": Reason("没有这项权益", "unknown entitlement"),
    "units": Reason("数量不是1至1,000,000的整数", "not a whole number from 1 to 1,000,000"),
    "over": Reason("最后一天已过", "the last day is over"),
    "written": Reason(
        "该来源编号已入账且内容不同，请用冲正更正",
        "this number of the source is in the ledger and reads otherwise; correct it by a reversal",
    ),
    "no_owner": Reason("账户没有户主", "the account has no owner"),
}
