"""What a campaign brought in over what would have come anyway, and whether that could be chance (DOMAIN §6).

Two arms that a draw parted are compared within the strata that it kept apart, weighted by the share of the treated
customers in each. Everybody assigned counts, contacted or not. A share is the mean of noughts and ones, so that
customers and money go by one formula: Σ w·(x̄_T − x̄_C), ± 1.96 · √Σ w²·(s²_T/n_T + s²_C/n_C). Money has a long tail,
of which a small control group often holds nobody: there both arms are taken to vary alike. With a variance of its own
for each, 87 of 1,000 campaigns without any effect on 2,400 customers showed one. Decimals throughout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from django.db import models
from django.utils.translation import gettext_lazy as _

Z95 = Decimal("1.96")
# A look before the end asks for three standard errors (Haybittle and Peto): whoever looks often would else see an
# effect by chance more often than once in twenty campaigns.
Z_EARLY = Decimal(3)
LEAST_CONTROL = 200  # DOMAIN §4
# Below this many who qualified, and who did not, in either arm the normal distribution says little of a share.
LEAST_EITHER = 5
# With fewer of an arm a stratum has no variance.
LEAST_IN_STRATUM = 2
DIGITS = 60  # squares of yuan, summed over a bank
ZERO = Decimal(0)


@dataclass(frozen=True)
class Sums:
    """How many customers, and the sum and the sum of squares of something about each."""

    members: int = 0
    total: Decimal = ZERO
    squares: Decimal = ZERO

    def __add__(self, other: "Sums") -> "Sums":
        with localcontext(prec=DIGITS):
            total, squares = self.total + other.total, self.squares + other.squares
        return Sums(self.members + other.members, total, squares)

    @property
    def mean(self) -> Decimal:
        return self.total / self.members if self.members else ZERO

    @property
    def spread(self) -> Decimal:
        """The sum of squared distances from the mean."""
        with localcontext(prec=DIGITS):
            return max(self.squares - self.total * self.total / self.members, ZERO)

    @property
    def squared_error(self) -> Decimal:
        """The variance of the mean, s² ÷ n, with s² over n − 1; of at least two customers."""
        with localcontext(prec=DIGITS):
            return self.spread / (self.members - 1) / self.members


@dataclass(frozen=True)
class Cell:
    """One stratum of both arms on a day: members and qualified of each, and what their AUM changed since the base."""

    stratum: str
    treated: Sums
    control: Sums
    treated_qualified: int = 0
    control_qualified: int = 0

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(
            self.stratum, self.treated + other.treated, self.control + other.control,
            self.treated_qualified + other.treated_qualified, self.control_qualified + other.control_qualified,
        )  # fmt: skip

    @property
    def shares(self) -> tuple[Sums, Sums]:
        """Both arms as noughts and ones."""
        treated, control = Decimal(self.treated_qualified), Decimal(self.control_qualified)
        return Sums(self.treated.members, treated, treated), Sums(self.control.members, control, control)

    @property
    def money(self) -> tuple[Sums, Sums]:
        return self.treated, self.control

    @property
    def can_compare(self) -> bool:
        return min(self.treated.members, self.control.members) >= LEAST_IN_STRATUM


@dataclass(frozen=True)
class Difference:
    """Treated less control, per customer, with its standard error."""

    value: Decimal
    error: Decimal

    @property
    def low(self) -> Decimal:
        return self.value - Z95 * self.error

    @property
    def high(self) -> Decimal:
        return self.value + Z95 * self.error

    @property
    def includes_zero(self) -> bool:
        """Whether the 95 % interval holds zero: the arms cannot be told apart."""
        return self.low <= 0 <= self.high

    def stands_out(self, errors: Decimal) -> bool:
        """Whether it is more than so many standard errors from zero."""
        return abs(self.value) > errors * self.error

    def times(self, number: int) -> "Difference":
        """For so many customers together."""
        return Difference(self.value * number, self.error * number)


def total(cells: Iterable[Cell]) -> Cell:
    """All strata together, without a name."""
    found = Cell("", Sums(), Sums())
    for cell in cells:
        found += cell
    return found


def comparable(cells: Sequence[Cell]) -> list[Cell]:
    """The same customers in strata that each have two of either arm at least, where there are any such.

    Strata that are too thin are compared as one; where that is still too thin it joins the smallest of the others, so
    that nobody is left out.
    """
    found = [cell for cell in cells if cell.can_compare]
    thin = [cell for cell in cells if not cell.can_compare]
    if not thin:
        return found
    rest = total(thin)
    if rest.can_compare or not found:
        return [*found, rest] if rest.can_compare else []
    smallest = min(found, key=lambda cell: cell.control.members)
    return [cell + rest if cell is smallest else cell for cell in found]


def difference(pairs: Sequence[tuple[Sums, Sums]], *, vary_alike: bool = False) -> Difference:
    """Treated less control within each stratum, weighted by its share of the treated; of comparable strata.

    With `vary_alike` one variance is taken for both arms of a stratum.
    """
    treated = sum(pair[0].members for pair in pairs)
    with localcontext(prec=DIGITS):
        value = error = ZERO
        for arm, control in pairs:
            weight = Decimal(arm.members) / treated
            value += weight * (arm.mean - control.mean)
            own = arm.squared_error + control.squared_error
            error += weight * weight * (common_error(arm, control) if vary_alike else own)
        return Difference(+value, error.sqrt())


def common_error(arm: Sums, control: Sums) -> Decimal:
    """The variance of the difference of the means if both arms vary alike."""
    variance = (arm.spread + control.spread) / (arm.members + control.members - 2)
    return variance * (Decimal(1) / arm.members + Decimal(1) / control.members)


@dataclass(frozen=True)
class Uplift:
    """A campaign, or a part of it: the sums of both arms, and what the campaign adds per treated customer.

    `share` and `money` are None where there are not two customers of either arm to compare.
    """

    all: Cell
    share: Difference | None
    money: Difference | None

    @property
    def net_customers(self) -> Difference | None:
        """Customers who qualified because of the campaign."""
        return self.share.times(self.all.treated.members) if self.share else None

    @property
    def net_aum(self) -> Difference | None:
        """Yuan that the campaign brought in, over the treated."""
        return self.money.times(self.all.treated.members) if self.money else None

    @property
    def anyway(self) -> Decimal | None:
        """How many of the treated who qualified would have done so without the campaign."""
        return self.all.treated_qualified - self.net_customers.value if self.net_customers else None

    def cost_per_net_customer(self, cost: Decimal) -> Decimal | None:
        """Yuan; None while it cannot be told whether there is any net customer."""
        net = self.net_customers
        return cost / net.value if net and net.low > 0 else None

    def cost_per_qualified(self, cost: Decimal) -> Decimal | None:
        """Yuan, the flattering figure: as if nobody would have come anyway."""
        return cost / self.all.treated_qualified if self.all.treated_qualified else None


def uplift(cells: Sequence[Cell]) -> Uplift:
    """Compare the arms of these strata."""
    strata = comparable(cells)
    if not strata:
        return Uplift(total(cells), None, None)
    share = difference([cell.shares for cell in strata])
    return Uplift(total(cells), share, difference([cell.money for cell in strata], vary_alike=True))


class Verdict(models.TextChoices):
    """What may be said of a campaign on a day."""

    NO_CONTROL = "no_control", _("no comparison")
    TOO_EARLY = "too_early", _("too early to judge")
    TOO_FEW = "too_few", _("too few to judge")
    CANNOT_TELL = "cannot_tell", _("cannot be told apart yet")
    CAN_TELL = "can_tell", _("can be told")
    FINAL = "final", _("final")


@dataclass(frozen=True)
class Look:
    """A day on which the campaign may be judged, registered before it began; the last one is final."""

    day: date
    is_last: bool


def verdict(found: Uplift, look: Look | None) -> Verdict:
    """What the customers who qualified by a look allow to be said; `look` is None before the first one.

    A look before the last one shows an effect only at three standard errors.
    """
    control, treated = found.all.control.members, found.all.treated.members
    if not control or found.share is None:
        return Verdict.NO_CONTROL
    if look is None:
        return Verdict.TOO_EARLY
    if control < LEAST_CONTROL or not enough_of_each(found.all, control, treated):
        return Verdict.TOO_FEW
    if found.share.includes_zero:
        return Verdict.CANNOT_TELL
    if look.is_last:
        return Verdict.FINAL
    return Verdict.CAN_TELL if found.share.stands_out(Z_EARLY) else Verdict.TOO_EARLY


def enough_of_each(cell: Cell, control: int, treated: int) -> bool:
    """Whether both arms have those who qualified and those who did not."""
    return all(
        LEAST_EITHER <= qualified <= members - LEAST_EITHER
        for members, qualified in ((treated, cell.treated_qualified), (control, cell.control_qualified))
    )
