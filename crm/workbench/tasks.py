"""What Celery runs of exports, bulk jobs and simulations. Messages only wake: their modules decide what is done."""

from celery import shared_task
from django.utils import timezone

from crm.jobs.waking import WAKE_SECONDS, tell
from crm.workbench import archive_word
from crm.workbench.bulk import jobs
from crm.workbench.export_tables import TABLES
from crm.workbench.handover import requests
from customers.exports import requests as exports
from customers.exports import runs
from segments import simulation
from segments.tiers import primary_tiers


@shared_task
def make_export(export_id: int) -> str:
    """Make the file of a request, unless another worker does so or it is over."""
    return runs.run(export_id, TABLES, primary_tiers(), timezone.now(), archive_word.document)


@shared_task
def sweep_exports() -> int:
    """Wake workers for requests whose message was lost or whose worker died, and remove what is over."""
    waiting = exports.sweep(timezone.now())
    for export_id in waiting:
        make_export.apply_async((export_id,), expires=WAKE_SECONDS)
    return len(waiting)


@shared_task
def run_bulk(job_id: int) -> str:
    """Run a confirmed job, unless another worker does so or it is over."""
    return jobs.run(job_id)


@shared_task
def sweep_bulk() -> int:
    """Forget drafts of handovers, and wake workers for jobs whose message was lost or whose worker died."""
    requests.sweep(timezone.now())
    waiting = jobs.sweep()
    for job_id in waiting:
        run_bulk.apply_async((job_id,), expires=WAKE_SECONDS)
    return len(waiting)


@shared_task
def run_simulation(simulation_id: int) -> str:
    """Work on a simulation, beside whoever else does."""
    return simulation.run(simulation_id)


@shared_task
def sweep_simulations() -> int:
    """Wake workers for simulations whose message was lost or whose worker died."""
    waiting = simulation.waiting()
    for simulation_id in waiting:
        run_simulation.apply_async((simulation_id,), expires=WAKE_SECONDS)
    return len(waiting)


def wake(export_id: int) -> None:
    """Tell a worker of an export."""
    tell(make_export, export_id)


def wake_bulk(job_id: int) -> None:
    """Tell a worker of a bulk job."""
    tell(run_bulk, job_id)


def wake_simulation(simulation_id: int) -> None:
    """Tell a worker of a simulation."""
    tell(run_simulation, simulation_id)
