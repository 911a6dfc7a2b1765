"""Write made-up people into the customer tables: COPY of sealed rows, in blocks."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from crm import db
from crm.audit import pii
from crm.demo.people import People, Person
from customers.feeds import pinyin

BLOCK = 5_000
CUSTOMER_COLUMNS = (
    "id, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, "
    "name_bigrams, sex, birth_date, id_type, id_no_cipher, id_no_index, id_no_tail_index, id_no_mask, "
    "mobile_cipher, mobile_index, mobile_mask, address_cipher, address_index, address_mask, occupation, employer, "
    "open_date, status, has_payroll, has_pension, is_merchant, do_not_contact, household_id, delivered_on"
)
Tick = Callable[[int], object]


def customer_no(number: int) -> str:
    """The core bank's number of the made-up customer of this id."""
    return f"C{number:09d}"


def account_no(number: int) -> str:
    """The number of the made-up account of this id: 19 digits beginning 00, which no card or bank uses."""
    return f"0099{number:015d}"


def enrol(people: People, branch_ids: list[int], *, with_secrets: bool, tick: Tick) -> int:
    """Write customers, households and relations; returns how many customers. `with_secrets=False` leaves the C2
    columns empty, for measurements that do not read them."""
    relations: list[tuple[int, int, str, int]] = []
    households: list[tuple[int, int]] = []
    count = 0
    source = iter(people)
    while block := list(islice(source, BLOCK)):
        make_rows = sealed_rows if with_secrets else plain_rows
        rows = ((*row, people.as_of) for row in make_rows(block, branch_ids))
        count += db.copy_rows_in(f"COPY customers_customer ({CUSTOMER_COLUMNS}) FROM STDIN", rows)
        for person in block:
            branch_id = branch_ids[person.place]
            relations += [(branch_id, person.id, kind, other) for other, kind in person.relations]
            if person.household == person.id:
                households.append((person.id, branch_id))
        tick(len(block))
    # After the customers who refer to them: foreign keys are checked at the end of the transaction.
    db.copy_rows_in(
        "COPY customers_household (id, branch_id, created_at) FROM STDIN", ((*one, people.as_of) for one in households)
    )
    db.copy_rows_in(
        "COPY customers_relation (branch_id, customer_id, relation_type, related_customer_id, name, note) FROM STDIN",
        ((*one, "", "") for one in relations),
    )
    return count


def sealed_rows(people: list[Person], branch_ids: list[int]) -> Iterator[tuple[object, ...]]:
    """Rows with identity number, telephone and address encrypted, hashed and masked."""
    ids = [person.id for person in people]
    id_nos = pii.seal_many(pii.ID_NO, ids, [person.id_no for person in people])
    mobiles = pii.seal_many(pii.MOBILE, ids, [person.mobile for person in people])
    addresses = pii.seal_many(pii.ADDRESS, ids, [person.address for person in people])
    for person, id_no, mobile, address in zip(people, id_nos, mobiles, addresses, strict=True):
        yield customer_row(person, branch_ids, id_no, mobile, address)


def plain_rows(block: Iterable[Person], branch_ids: list[int]) -> Iterator[tuple[object, ...]]:
    """Rows without C2 data; the masks stay, because lists and the search by the last digits read them."""
    for person in block:
        mobile = pii.Sealed(None, None, None, pii.mask_mobile(person.mobile))
        yield customer_row(person, branch_ids, pii.NOTHING, mobile, pii.NOTHING)


def customer_row(
    person: Person, branch_ids: list[int], id_no: pii.Sealed, mobile: pii.Sealed, address: pii.Sealed
) -> tuple[object, ...]:
    """One row in the order of CUSTOMER_COLUMNS, but for the day of delivery, which is the same of all."""
    return (
        person.id,
        customer_no(person.id),
        "company" if person.is_company else "person",
        "small" if person.is_company else "",
        branch_ids[person.place],
        person.name,
        pii.mask_name(person.name),
        pinyin.full(person.name),
        pinyin.initials(person.name),
        pinyin.bigrams(person.name),
        person.sex,
        person.birth_date,
        "credit_code" if person.is_company else "resident_id",
        id_no.cipher,
        id_no.index,
        id_no.tail_index,
        id_no.mask,
        mobile.cipher,
        mobile.index,
        mobile.mask,
        address.cipher,
        address.index,
        address.mask,
        person.occupation,
        "",
        person.open_date,
        "active",
        person.has_payroll,
        person.has_pension,
        person.is_merchant,
        False,
        person.household,
    )
