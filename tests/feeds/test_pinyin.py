"""Readings of names: surnames as families read them, companies as words (DOMAIN, names)."""

import pytest

from customers.feeds import pinyin


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("单雪", "shanxue", "sx"), ("曾明", "zengming", "zm"), ("仇英", "qiuying", "qy"), ("解缙", "xiejin", "xj"),
        ("区志强", "ouzhiqiang", "ozq"), ("查良", "zhaliang", "zl"), ("任静", "renjing", "rj"),
        ("朴海", "piaohai", "ph"),
        ("翟亮", "zhailiang", "zl"), ("盖明", "geming", "gm"), ("种师", "chongshi", "cs"), ("覃勇", "qinyong", "qy"),
        ("缪文", "miaowen", "mw"), ("员明", "yunming", "ym"), ("卜凡", "bufan", "bf"), ("都明", "duming", "dm"),
        ("阚明", "kanming", "km"), ("欧阳修", "ouyangxiu", "oyx"), ("尉迟恭", "yuchigong", "ycg"),
        ("万俟明", "moqiming", "mqm"), ("长孙无忌", "zhangsunwuji", "zswj"), ("单于明", "chanyuming", "cym"),
        ("澹台明", "tantaiming", "ttm"), ("令狐冲", "linghuchong", "lhc"), ("吕明", "lvming", "lm"),
        ("区块链科技公司", "qukuailiankejigongsi", "qklkjgs"), ("单晶硅材料公司", "danjingguicailiaogongsi", "djgclgs"),
        ("Ｌｉ Ming", "liming", "l"), ("", "", ""),
    ],
)  # fmt: skip
def test_readings(name: str, full: str, initials: str) -> None:
    assert (pinyin.full(name), pinyin.initials(name)) == (full, initials)


def test_a_surname_alone_is_a_word() -> None:
    assert pinyin.full("单") == "dan"


def test_what_no_dictionary_has_stays_as_it_is() -> None:
    assert pinyin.full("㐀𠮷明").endswith("ming")
    assert len(pinyin.full("长" * 300)) == 200
    assert len(pinyin.initials("长" * 300)) == 40


def test_bigrams_are_every_pair_once() -> None:
    assert pinyin.bigrams("欧阳 欧阳") == ["欧阳", "阳欧"]
    assert pinyin.bigrams("王") == []
