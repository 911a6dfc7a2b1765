"""The web server, the same in development and production. `python -m crm.embedded.web 0.0.0.0:8000`"""

import os
import sys

# The path without its query: what people search for is personal data.
ACCESS_LOG = "%(h)s %(t)s %(m)s %(U)s %(s)s %(b)s %(M)sms"


def gunicorn_command(address: str) -> list[str]:
    """gunicorn with threads: the pages wait for the database more than they compute."""
    workers = os.environ.get("WEB_CONCURRENCY") or "2"
    return [
        *(sys.executable, "-m", "gunicorn", "crm.wsgi:application", "--bind", address),
        *("--worker-class", "gthread", "--workers", workers, "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "20", "--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--no-control-socket", "--access-logfile", "-", "--access-logformat", ACCESS_LOG),
    ]


if __name__ == "__main__":
    command = gunicorn_command(sys.argv[1])
    os.execv(command[0], command)  # noqa: S606 - gunicorn takes this process's place and signals
