"""任务中心: the nights, what each did beside the night before, and running one again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import nightly
from crm.audit import trail
from crm.jobs.choices import RunState
from crm.jobs.ledger import RunRefused
from crm.jobs.models import JobRun
from crm.jobs.waking import tell
from crm.nightly_tasks import HELPERS, work_on
from crm.organization.access import for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import nights

READERS = (Role.ADMIN, Role.BRANCH_MANAGER, Role.AUDITOR)


@require_safe
@for_roles(READERS)
def job_list(request: HttpRequest) -> HttpResponse:
    """The last nights, and the newest of them in full."""
    return show(request)


@require_safe
@for_roles(READERS)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One night in full."""
    return show(request, get_object_or_404(JobRun, pk=pk, job=nights.JOB))


def show(request: HttpRequest, run: JobRun | None = None) -> HttpResponse:
    """The page around a night, else around the newest, or around none yet."""
    rows, median = nights.recent_nights()
    run = run or (rows[0].run if rows else None)
    running = next((row.run for row in rows if row.run.state == RunState.RUNNING), None)
    context = {
        "rows": rows,
        "median": median,
        "night": nights.night_page(run) if run else None,
        "progress": nights.progress(running) if running else None,
        "may_rerun": isinstance(request.user, User) and request.user.role == Role.ADMIN,
        "newest_day": rows[0].run.business_date if rows else None,
    }
    return render(request, "jobs/job_list.html", context)


@require_safe
@for_roles(READERS)
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar of a run under way, asked for every two seconds; the whole page again when the run has ended."""
    run = get_object_or_404(JobRun, pk=pk, job=nights.JOB)
    response = render(request, "jobs/_progress.html", {"progress": nights.progress(run)})
    if run.state != RunState.RUNNING:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_roles([Role.ADMIN])
def job_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    """Run a night again; what was published stays until the new results are."""
    run = get_object_or_404(JobRun, pk=pk, job=nights.JOB)
    trail.record(request.user, "night.rerun", target=run, detail={"business_date": str(run.business_date)})
    try:
        again, _is_open = nightly.open_night(run.business_date, rerun=True)
    except RunRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("jobs:run", pk=pk)
    wake_workers(again)
    messages.success(request, _("The night of %(date)s is being run again.") % {"date": run.business_date})
    return redirect("jobs:run", pk=pk)


def wake_workers(run: JobRun) -> None:
    """Tell workers that there is work; without a broker the next sweep finds it in the ledger."""
    for _helper in range(HELPERS):
        tell(work_on, run.pk)
