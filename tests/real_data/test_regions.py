"""Every division code of 1980 to 2019 is known as the region of an identity number."""

import csv

from customers.feeds import id_numbers
from tests.real_data import bank

# 安西县 of 2002 to 2005, which the package's list leaves out.
DOUBTFUL = {"620925"}


def test_every_code_that_was_ever_in_force_is_known() -> None:
    with (bank.folder("gb2260") / "gb2260_all_codes_1980_2019.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["code"] for row in csv.DictReader(file) if row["level"] != "province"}
    assert len(codes) > 6_900
    assert {code for code in codes if not id_numbers.is_region(code, "19900101")} <= DOUBTFUL
