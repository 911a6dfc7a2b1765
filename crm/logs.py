"""How log lines look: JSON for machines, or columns for people; on standard error, so that output stays output."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def logger(*_names: Any) -> structlog.PrintLogger:
    """Made at each use: what standard error is may change under a test or a supervisor."""
    return structlog.PrintLogger(sys.stderr)


def incident_number(request_id: str) -> str:
    """The number that a person reads out over the phone, `8F3A-21BC`: the start of the id of the request."""
    return f"{request_id[:4]}-{request_id[4:8]}".upper()


def current_incident() -> str:
    """The incident number of the request under way; empty outside of one."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return incident_number(request_id) if request_id else ""


def add_incident(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor: a line of an error carries the number that the user was shown."""
    if method in ("error", "exception", "critical") and event.get("request_id"):
        event["incident"] = incident_number(event["request_id"])
    return event


def configure(level: str, form: str) -> None:
    """Set structlog up; `form` is json or console. Raises ValueError for a level or form that does not exist."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None or form not in ("json", "console"):
        raise ValueError(f"LOG_LEVEL {level} or LOG_FORMAT {form} is unknown")
    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if form == "console":
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            add_incident,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if form == "json" else []),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=logger,
        cache_logger_on_first_use=False,
    )
