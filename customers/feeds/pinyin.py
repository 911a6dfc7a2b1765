"""How a name is read: full pinyin and initials for search, with the readings that characters have as surnames."""

import unicodedata
from functools import lru_cache

# As surnames these are read otherwise than as words (DOMAIN, names).
SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren", "朴": "piao",
    "翟": "zhai", "盖": "ge", "种": "chong", "乐": "yue", "员": "yun", "繁": "po", "尹": "yin", "华": "hua",
    "宁": "ning", "洗": "xian", "冼": "xian", "黑": "he", "折": "she", "覃": "qin", "召": "shao", "缪": "miao",
    "那": "na", "秘": "bi", "逄": "pang", "晟": "cheng", "车": "che", "祭": "zhai", "么": "yao", "哈": "ha",
    "卜": "bu", "都": "du", "粘": "nian", "藏": "zang", "阚": "kan", "薄": "bo", "重": "chong", "句": "gou",
    "便": "pian", "乜": "nie", "佴": "nai",
    "尉迟": "yu chi", "长孙": "zhang sun", "万俟": "mo qi", "澹台": "tan tai", "令狐": "ling hu", "单于": "chan yu",
    "欧阳": "ou yang", "上官": "shang guan", "司马": "si ma", "司徒": "si tu", "诸葛": "zhu ge", "皇甫": "huang fu",
    "宇文": "yu wen", "慕容": "mu rong", "夏侯": "xia hou", "独孤": "du gu", "东方": "dong fang",
}  # fmt: skip


# Longer names are those of companies, which begin with a word: 区块链, 单位.
LONGEST_PERSON = 4


@lru_cache(maxsize=1 << 18)
def readings(name: str) -> tuple[str, ...]:
    """One syllable for each character; letters and digits stay together as they are, full-width ones made narrow."""
    name = unicodedata.normalize("NFKC", name)
    for length in (2, 1):
        head = name[:length]
        if head in SURNAMES and length < len(name) <= LONGEST_PERSON:
            return (*SURNAMES[head].split(), *syllables(name[length:]))
    return syllables(name)


def syllables(text: str) -> tuple[str, ...]:
    """As words read; the dictionaries take a third of a second to load, which no process pays that reads no name."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(text, style=Style.NORMAL))


def full(name: str) -> str:
    """`ouyangxiu` for 欧阳修; at most 200 characters."""
    return "".join(readings(name)).lower().replace(" ", "")[:200]


def initials(name: str) -> str:
    """`oyx` for 欧阳修; at most 40 characters."""
    return "".join(syllable[:1] for syllable in readings(name)).lower()[:40]


def bigrams(name: str) -> list[str]:
    """Pairs of neighbouring characters: what a search for a part of a name looks up."""
    text = name.replace(" ", "")
    return sorted({text[start : start + 2] for start in range(len(text) - 1)})
