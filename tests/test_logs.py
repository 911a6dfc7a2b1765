"""Log lines go to standard error, as JSON unless people read them, and as loud as LOG_LEVEL says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = (
    "import django; django.setup(); import structlog; log = structlog.get_logger();"
    "log.info('quiet', day='2026-03-10'); log.warning('大额', amount=5); print('output')"
)


def run(**environment: str) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "crm.settings", **environment},
    )  # fmt: skip
    return done.stderr.splitlines(), done.stdout


def test_json_is_one_object_a_line_and_nothing_else_is_printed() -> None:
    lines, output = run(LOG_LEVEL="INFO", LOG_FORMAT="json")
    first, second = (json.loads(line) for line in lines)
    assert (first["event"], first["level"], first["day"]) == ("quiet", "info", "2026-03-10")
    assert (second["event"], second["amount"]) == ("大额", 5)
    assert output == "output\n"


def test_the_level_and_the_form_are_kept_to() -> None:
    lines, _output = run(LOG_LEVEL="WARNING", LOG_FORMAT="console")
    assert len(lines) == 1
    assert "大额" in lines[0]
    assert not lines[0].startswith("{")


@pytest.mark.parametrize("wrong", [{"LOG_LEVEL": "LOUD"}, {"LOG_FORMAT": "xml"}])
def test_a_word_that_means_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(**wrong)
