"""What ran: runs, steps and chunks. PostgreSQL is the truth, Redis only wakes workers (SECURITY §3.6)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.jobs.choices import RunState, StepState


class JobRun(models.Model):
    """One job for one business date. `epoch` grows with every rerun: a worker of an older epoch writes nothing.

    `published_at` stays while a published day is run again: its results are what pages show until the next ones.
    """

    job = models.CharField(_("job"), max_length=40)
    business_date = models.DateField(_("business date"))
    epoch = models.IntegerField(_("epoch"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=RunState.choices, default=RunState.RUNNING)
    step_no = models.SmallIntegerField(_("step"), default=0)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    published_at = models.DateTimeField(_("published"), null=True)
    counts = models.JSONField(_("counts"), default=dict)
    message = models.TextField(_("message"), blank=True, default="")

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "business_date"], name="one_run_of_a_job_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.business_date}"


class JobStep(models.Model):
    run = models.ForeignKey(JobRun, models.CASCADE, related_name="steps", verbose_name=_("run"))
    no = models.SmallIntegerField(_("number"))
    name = models.CharField(_("step"), max_length=40)
    state = models.CharField(_("state"), max_length=12, choices=StepState.choices, default=StepState.PENDING)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    rows = models.BigIntegerField(_("rows"), default=0)
    counts = models.JSONField(_("counts"), default=dict)

    class Meta:
        verbose_name = _("step")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "no"], name="one_step_of_a_number"),
        ]

    def __str__(self) -> str:
        return self.name


class JobChunk(models.Model):
    """A share of a step. A claim is committed first (so that attempts survive a kill), then the row is locked while
    the chunk computes: the lock, which dies with its connection, is the fence; the lease covers the gap before it."""

    step = models.ForeignKey(JobStep, models.CASCADE, related_name="chunks")
    no = models.IntegerField()
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=StepState.choices, default=StepState.PENDING)
    attempts = models.SmallIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("chunk")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["step", "no"], name="one_chunk_of_a_number"),
        ]


class Heartbeat(models.Model):
    """When a part of the system last said that it is alive (beat, worker)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
