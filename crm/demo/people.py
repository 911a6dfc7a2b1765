"""Made-up customers: who they are. Numbers that look right and belong to nobody (crm.demo.names)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from crm.demo import names

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
FAMILY_SHARE = 0.35
COMPANY_SHARE = 0.03
MALE, FEMALE = "M", "F"


@dataclass(slots=True)
class Person:
    """One made-up customer, person or company, in plain text; `place` is an index into the outlets."""

    id: int
    is_company: bool
    name: str
    sex: str
    birth_date: date | None
    id_no: str
    mobile: str
    address: str
    occupation: str
    open_date: date
    has_payroll: bool
    has_pension: bool
    is_merchant: bool
    place: int
    household: int | None = None
    relations: list[tuple[int, str]] = field(default_factory=list)


def id_number(birth_date: date, sequence: int) -> str:
    """An identity number of 18 places whose check digit is right (GB 11643)."""
    body = f"{names.REGION}{birth_date:%Y%m%d}{sequence:03d}"
    return body + ID_CHECKS[sum(int(c) * w for c, w in zip(body, ID_WEIGHTS, strict=True)) % 11]


def credit_code(number: int) -> str:
    """A company's credit code of 18 places whose check character is right (GB 32100)."""
    body = f"91{names.REGION}MA{number % 10**7:07d}"
    total = sum(CREDIT_ALPHABET.index(c) * w for c, w in zip(body, CREDIT_WEIGHTS, strict=True))
    return body + CREDIT_ALPHABET[-total % 31]


def mobile_number(number: int) -> str:
    """A different telephone number for each customer number below 10⁸; 48271 and 10⁸ share no factor."""
    return f"{names.MOBILE_PREFIXES[number % 3]}{number * 48271 % 10**8:08d}"


class People:
    """Customers 1 … count in order, the same for the same seed.

    `places` gives the share of each outlet. Families lie within five neighbouring numbers: a couple, and sometimes a
    grown child.
    """

    def __init__(self, count: int, seed: int, as_of: date, places: list[float], first: int = 1) -> None:
        self.ids = range(first, first + count)
        self.as_of = as_of
        self.chance = random.Random(seed * 1_000_003 + first)  # noqa: S311 - a repeatable bank is wanted
        self.places = list(accumulate(places))
        self.surname_shares = list(accumulate(share for _surname, share in names.SURNAMES))
        self.sequences: dict[tuple[date, str], int] = {}

    def __iter__(self) -> Iterator[Person]:
        block: list[Person] = []
        for number in self.ids:
            block.append(self.person(number))
            if len(block) == 5:
                yield from self.related(block)
                block = []
        yield from block

    def person(self, number: int) -> Person:
        """A single person, or now and then a company."""
        if self.chance.random() < COMPANY_SHARE:
            return self.company(number)
        sex = FEMALE if self.chance.random() < 0.51 else MALE
        surname = self.surname()
        return self.adult(number, sex, surname, self.birth_date(), self.place())

    def adult(self, number: int, sex: str, surname: str, birth_date: date, place: int) -> Person:
        """A person of this sex, family and age."""
        draw = self.chance.random
        age = self.as_of.year - birth_date.year
        return Person(
            id=number,
            is_company=False,
            name=surname + self.given_name(sex, birth_date.year),
            sex=sex,
            birth_date=birth_date,
            id_no=self.own_id_number(birth_date, sex),
            mobile=mobile_number(number) if draw() < 0.97 else "",
            address=self.address(),
            occupation="退休" if age >= 60 else self.chance.choice(names.OCCUPATIONS),
            open_date=self.open_date(birth_date),
            has_payroll=22 <= age < 60 and draw() < 0.36,
            has_pension=age >= 60 and draw() < 0.5,
            is_merchant=22 <= age < 65 and draw() < 0.04,
            place=place,
        )

    def company(self, number: int) -> Person:
        """A company with a made-up name."""
        word, trade = self.chance.choice(names.COMPANY_WORDS), self.chance.choice(names.COMPANY_TRADES)
        name = f"{names.CITY}{word}{trade}{self.chance.choice(names.COMPANY_FORMS)}"
        return Person(
            id=number,
            is_company=True,
            name=name,
            sex="",
            birth_date=None,
            id_no=credit_code(number),
            mobile=mobile_number(number),
            address=self.address(),
            occupation="",
            open_date=self.open_date(date(2003, 1, 1)),
            has_payroll=False,
            has_pension=False,
            is_merchant=self.chance.random() < 0.5,
            place=self.place(),
        )

    def related(self, block: list[Person]) -> list[Person]:
        """Make the first two of five a couple, and sometimes the third their child."""
        first, second, third = block[0], block[1], block[2]
        if first.birth_date is None or second.is_company or self.chance.random() >= FAMILY_SHARE:
            return block
        youngest = self.as_of - timedelta(days=22 * 366)
        if first.birth_date > youngest:
            return block
        partner_born = first.birth_date + timedelta(days=self.chance.randint(-1500, 1500))
        if partner_born > youngest:
            partner_born = first.birth_date - timedelta(days=self.chance.randint(0, 1500))
        other = MALE if first.sex == FEMALE else FEMALE
        partner = self.adult(second.id, other, self.surname(), partner_born, first.place)
        partner.address = first.address
        block[1] = partner
        family = [first, partner]
        first.relations.append((partner.id, "spouse"))
        partner.relations.append((first.id, "spouse"))
        child_born = first.birth_date + timedelta(days=self.chance.randint(9500, 11500))
        if not third.is_company and child_born < self.as_of - timedelta(days=18 * 366):
            father = first if first.sex == MALE else partner
            child = self.adult(third.id, third.sex, self.surname_of(father), child_born, first.place)
            block[2] = child
            for parent in (first, partner):
                parent.relations.append((child.id, "child"))
                child.relations.append((parent.id, "parent"))
            family.append(child)
        for member in family:
            member.household = first.id
        return block

    def surname(self) -> str:
        return self.chance.choices(names.SURNAMES, cum_weights=self.surname_shares)[0][0]

    def surname_of(self, person: Person) -> str:
        return next(surname for surname, _share in names.SURNAMES if person.name.startswith(surname))

    def given_name(self, sex: str, year: int) -> str:
        """A given name of the time of birth."""
        choice = self.chance.choice
        eras = names.GIVEN[sex]
        _year, single, first, second = next((era for era in eras if year <= era[0]), eras[-1])
        last = choice(second)
        return last if self.chance.random() < single else choice(first) + last

    def birth_date(self) -> date:
        """Ages 18 to 88, most of them between 30 and 60."""
        age = self.chance.triangular(18.1, 88, 42)
        return self.as_of - timedelta(days=int(age * 365.25))

    def own_id_number(self, birth_date: date, sex: str) -> str:
        """An identity number that no other customer has: odd sequences for men, even ones for women."""
        taken = self.sequences.get((birth_date, sex), 0)
        self.sequences[birth_date, sex] = taken + 1
        start = 1 if self.ids.start == 1 else 701
        return id_number(birth_date, start + 2 * taken + (0 if sex == MALE else 1))

    def open_date(self, earliest: date) -> date:
        """One customer in twelve came within the last year, the others over twenty years."""
        days = self.chance.randint(1, 360) if self.chance.random() < 0.08 else self.chance.randint(366, 7300)
        return max(self.as_of - timedelta(days=days), earliest + timedelta(days=16 * 366))

    def address(self) -> str:
        choice, number = self.chance.choice, self.chance.randint
        return (
            f"{names.CITY}城区{choice(names.ROADS)}{number(1, 299)}号"
            f"{choice(names.ESTATES)}{number(1, 30)}栋{number(1, 18)}0{number(1, 4)}室"
        )

    def place(self) -> int:
        draw = self.chance.random() * self.places[-1]
        return next(index for index, edge in enumerate(self.places) if draw < edge)
