"""The result of a campaign as its page shows it, in the scope of the reader: the looks, both curves, the parts.

Net figures are those of the newest look alone; on other days the curves go on, but nobody is told whether it worked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns import result_chart
from campaigns.choices import Arm, MemberStatus, Stratifier
from campaigns.measurement.looks import kept_on, latest, looks
from campaigns.models import Campaign, CampaignCell, CampaignDay, CampaignMember, CampaignStratum
from campaigns.uplift import Cell, Look, Sums, Uplift, Verdict, total, uplift, verdict
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from segments.membership import sees_all

BRANCH = "branch"
PARTS = {
    Stratifier.BAND: _("Band of the base"),
    Stratifier.TIER: pgettext_lazy("strata", "Tier"),
    Stratifier.OWNER: _("Relationship manager"),
    BRANCH: _("Branch"),
}
MOST_LINES = 60
SPOKEN_WITH = (
    MemberStatus.INTERESTED, MemberStatus.NOT_INTERESTED, MemberStatus.BOOKED, MemberStatus.SOLD, MemberStatus.REFUSED,
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A cell of a look with where it belongs."""

    branch_id: int
    stratum: CampaignStratum
    cell: Cell


@dataclass(frozen=True)
class Seen:
    """A look that has come, with what it says; or one that has not, without."""

    look: Look
    found: Uplift | None
    verdict: Verdict | None


@dataclass(frozen=True)
class Line:
    """A part of the campaign at the newest look; `label` is a name, or a pair of bounds in yuan."""

    label: Any
    found: Uplift
    verdict: Verdict
    whisker: result_chart.Whisker | None


@dataclass(frozen=True)
class Kept:
    """Of those of a group who qualified, how many still met the rule months later; `kept` is None until then."""

    arm: Arm
    qualified: int
    kept: int | None

    @property
    def share(self) -> float | None:
        return 100 * self.kept / self.qualified if self.kept is not None and self.qualified else None


@dataclass(frozen=True)
class Result:
    """Everything on the page. `now` is the newest look that has come, `found` what the reader sees of its figures."""

    campaign: Campaign
    now: Look | None
    found: Uplift | None
    verdict: Verdict
    reason: str
    looks: list[Seen]
    chart: result_chart.Lines | None
    axis: result_chart.Axis | None
    parts: dict[str, Any]
    by: str
    lines: list[Line]
    forest: result_chart.Forest
    kept: list[Kept]
    kept_on: date
    groups: dict[str, int]
    spoken_with: int
    touched: int
    # Whether the reader sees all members; what the campaign costs is not parted by branches.
    is_whole: bool

    @property
    def cost(self) -> Decimal | None:
        """Yuan for each net customer of the whole campaign; None while there may be none."""
        return self.found.cost_per_net_customer(self.campaign.cost) if self.found else None

    @property
    def widest(self) -> float:
        """The percent that fills a bar: somewhat more than the larger share."""
        both = self.found.all if self.found else None
        if both is None or not both.control.members:
            return 100.0
        shares = both.treated_qualified / both.treated.members, both.control_qualified / both.control.members
        return max(120 * max(shares), 1.0)

    @property
    def treated(self) -> int:
        return self.groups.get(Arm.TREAT, 0)

    @property
    def controls(self) -> int:
        return self.groups.get(Arm.CONTROL, 0)

    @property
    def flattering_cost(self) -> Decimal | None:
        return self.found.cost_per_qualified(self.campaign.cost) if self.found else None


def result(user: User, campaign: Campaign, as_of: date, by: str) -> Result:
    """What the user may see of a campaign's result as of the published date; `by` as far as it is offered."""
    pieces = pieces_of(user, campaign)
    now = latest(campaign, as_of)
    now = now if now and now.day in pieces else None
    found = uplift(merged(pieces[now.day])) if now else None
    said = verdict(found, now) if found else (Verdict.TOO_EARLY if campaign.controls else Verdict.NO_CONTROL)
    parts = offered(user, campaign, pieces[now.day] if now else [])
    by = by if by in parts else next(iter(parts), "")
    lines, forest = part_lines(campaign, pieces[now.day], by, now) if now else ([], result_chart.forest([]))
    days = points(user, campaign)
    touched = CampaignMember.objects.visible_to(user).filter(campaign=campaign, arm=Arm.TREAT)
    contacts = touched.exclude(status=MemberStatus.WAITING).aggregate(
        touched=Count("pk"), spoken_with=Count("pk", filter=Q(status__in=SPOKEN_WITH))
    )
    return Result(
        campaign=campaign, now=now, found=found, verdict=said, reason=reason(campaign, found, said, now),
        looks=[seen(look, pieces) for look in looks(campaign)],
        chart=result_chart.lines(days, campaign.starts_on),
        axis=result_chart.axis(found.net_aum) if found and found.net_aum else None,
        parts=parts, by=by, lines=lines, forest=forest,
        kept=kept(user, campaign), kept_on=kept_on(campaign), groups=groups(user, campaign),
        is_whole=sees_all(user, campaign.owner_branch), **contacts,
    )  # fmt: skip


def pieces_of(user: User, campaign: Campaign) -> dict[date, list[Piece]]:
    """The cells of every look that has come, both groups of a stratum and branch together."""
    days = [look.day for look in looks(campaign)]
    strata = {one.number: one for one in CampaignStratum.objects.filter(campaign=campaign).select_related("owner")}
    rows: dict[tuple[date, int, int], dict[str, CampaignCell]] = {}
    for one in CampaignCell.objects.visible_to(user).filter(campaign=campaign, as_of__in=days).order_by("stratum"):
        rows.setdefault((one.as_of, one.branch_id, one.stratum), {})[one.arm] = one
    found: dict[date, list[Piece]] = {}
    for (day, branch_id, number), arms in rows.items():
        found.setdefault(day, []).append(Piece(branch_id, strata[number], both(str(number), arms)))
    return found


def both(name: str, arms: dict[str, CampaignCell]) -> Cell:
    treated, control = arms.get(Arm.TREAT), arms.get(Arm.CONTROL)
    return Cell(
        name, sums(treated), sums(control), treated.qualified if treated else 0, control.qualified if control else 0
    )


def sums(cell: CampaignCell | None) -> Sums:
    return Sums(cell.members, cell.change, cell.squares) if cell else Sums()


def merged(pieces: Iterable[Piece]) -> list[Cell]:
    """The strata as they were drawn, whatever branches their members are in."""
    found: dict[int, Cell] = {}
    for one in pieces:
        number = one.stratum.number
        found[number] = found[number] + one.cell if number in found else one.cell
    return list(found.values())


def seen(look: Look, pieces: dict[date, list[Piece]]) -> Seen:
    if look.day not in pieces:
        return Seen(look, None, None)
    found = uplift(merged(pieces[look.day]))
    return Seen(look, found, verdict(found, look))


def reason(campaign: Campaign, found: Uplift | None, said: Verdict, now: Look | None) -> str:
    """Why nothing can be said, in a sentence."""
    match said:
        case Verdict.NO_CONTROL:
            return str(_("Without a control group nobody knows who would have come anyway."))
        case Verdict.TOO_EARLY if now is None:
            return str(_("The first look is on %(day)s.")) % {"day": looks(campaign)[0].day.isoformat()}
        case Verdict.TOO_EARLY:
            return str(_("Before the last look an effect must be three standard errors from zero."))
        case Verdict.TOO_FEW:
            return str(_("A group is too small, or hardly anybody in it reached the goal."))
        case Verdict.CANNOT_TELL:
            return str(_("The 95% interval includes zero."))
    return ""


def offered(user: User, campaign: Campaign, pieces: Sequence[Piece]) -> dict[str, Any]:
    """By what the result can be parted: by what the draw kept alike, and by branch where there are several. Of single
    managers only who leads them reads."""
    found = [one for one in (Stratifier.BAND, Stratifier.TIER, Stratifier.OWNER) if one in campaign.stratify_by]
    names: list[str] = [one for one in found if one != Stratifier.OWNER or user.role == Role.BRANCH_MANAGER]
    if len({one.branch_id for one in pieces}) > 1:
        names.append(BRANCH)
    return {str(name): PARTS[name] for name in names}


def part_lines(
    campaign: Campaign, pieces: Sequence[Piece], by: str, now: Look
) -> tuple[list[Line], result_chart.Forest]:
    """A line for each part with its interval, those with most customers first where they have no order; then all, which
    stands alone where there is nothing to part by."""
    keys: dict[str, Callable[[Piece], Any]] = {
        Stratifier.BAND: lambda one: one.stratum.band,
        Stratifier.TIER: lambda one: one.stratum.tier,
        Stratifier.OWNER: lambda one: one.stratum.owner_id,
        BRANCH: lambda one: one.branch_id,
    }
    parts: dict[Any, list[Piece]] = {}
    for one in pieces:
        if by:
            parts.setdefault(keys[by](one), []).append(one)
    has_order = by in (Stratifier.BAND, Stratifier.TIER)
    ordered = sorted(parts.items(), key=lambda part: part[0] or 0 if has_order else -size(part[1]))[:MOST_LINES]
    labels = labels_of(campaign, by, ordered)
    results = [uplift(merged(inside)) for _key, inside in ordered]
    whole = uplift(merged(pieces))
    drawn = result_chart.forest([*(one.share for one in results), whole.share])
    lines = [
        Line(label, one, verdict(one, now), whisker)
        for label, one, whisker in zip([*labels, None], [*results, whole], drawn.whiskers, strict=True)
    ]
    return lines, drawn


def size(pieces: Iterable[Piece]) -> int:
    return total(one.cell for one in pieces).treated.members


def labels_of(campaign: Campaign, by: str, ordered: Sequence[tuple[Any, list[Piece]]]) -> list[Any]:
    keys = [key for key, _inside in ordered]
    if by == Stratifier.BAND:
        bounds = [campaign.base_from, *campaign.bands, campaign.base_below]
        return [(bounds[band], bounds[band + 1]) for band in keys]
    if by == BRANCH:
        names = dict(Branch.objects.filter(pk__in=keys).values_list("pk", "name"))
        return [names.get(key, "") for key in keys]
    if by == Stratifier.OWNER:
        return [inside[0].stratum.owner for _key, inside in ordered]
    return keys


def points(user: User, campaign: Campaign) -> list[result_chart.Point]:
    """The mean change of each group at the end of each measured day."""
    rows = CampaignDay.objects.visible_to(user).filter(campaign=campaign).values("as_of", "arm")
    means: dict[date, dict[str, Decimal]] = {}
    for row in rows.annotate(people=Sum("members"), gained=Sum("change")).order_by("as_of"):
        means.setdefault(row["as_of"], {})[row["arm"]] = row["gained"] / row["people"]
    return [
        result_chart.Point(day, arms[Arm.TREAT], arms.get(Arm.CONTROL))
        for day, arms in means.items()
        if Arm.TREAT in arms
    ]


def kept(user: User, campaign: Campaign) -> list[Kept]:
    """Who kept what they reached, by group, of the last look."""
    cells = CampaignCell.objects.visible_to(user).filter(campaign=campaign, as_of=campaign.ends_on).values("arm")
    found = {row["arm"]: row for row in cells.annotate(reached=Sum("qualified"), held=Sum("kept")).order_by("arm")}
    return [Kept(arm, found[arm]["reached"], found[arm]["held"]) for arm in Arm if arm in found]


def groups(user: User, campaign: Campaign) -> dict[str, int]:
    """How many of each group the reader's branches have, by the newest day."""
    rows = CampaignDay.objects.visible_to(user).filter(campaign=campaign)
    newest = rows.order_by("-as_of").values("as_of")[:1]
    counted = rows.filter(as_of=newest).values("arm").annotate(people=Sum("members")).order_by("arm")
    return {row["arm"]: row["people"] for row in counted}
