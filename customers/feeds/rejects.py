"""The reject file of a load: line, column and reason in Chinese and English. It repeats no value, so no C2 data."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from customers.feeds.messages import REASONS
from customers.models import FeedLoad, FeedReject

HEADER = ("行号 line", "列 column", "代码 code", "类别 kind", "原因", "reason")
BATCH = 10_000


def folder() -> Path:
    path = Path(settings.CRM_HOME) / "rejects"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(load: FeedLoad) -> Path | None:
    """The reject file of a load; None where nothing was refused, or the file is not on this machine."""
    if not load.reject_file:
        return None
    path = folder() / load.reject_file
    return path if path.is_file() else None


def write(load: FeedLoad, link: duckdb.DuckDBPyConnection) -> None:
    """Write the file and the counts by reason; no file where nothing was refused."""
    counts = link.execute(
        "SELECT code, is_warning, count(*), min(line), min(column_name) FROM bad GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    if not counts:
        return
    FeedReject.objects.using("batch").bulk_create(
        FeedReject(load=load, rule=code, rows=rows, example_line=line, example=column)
        for code, _is_warning, rows, line, column in counts
    )
    cursor = link.execute("SELECT line, column_name, code, is_warning FROM bad ORDER BY line, column_name")

    def lines() -> Iterable[tuple[Any, ...]]:
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    load.reject_file = f"{load.pk}-{load.spec}.csv"
    add(folder() / load.reject_file, lines(), with_header=True)


def append(load: FeedLoad, rows: list[dict[str, Any]]) -> None:
    """Add the rows that the comparison with the published tables refused."""
    if not rows:
        return
    by_code: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_code.setdefault(row["code"], []).append(row)
    FeedReject.objects.using("batch").bulk_create(
        FeedReject(load=load, rule=code, rows=len(some), example_line=some[0]["line"], example=some[0]["column_name"])
        for code, some in by_code.items()
    )
    is_new = not load.reject_file
    load.reject_file = load.reject_file or f"{load.pk}-{load.spec}.csv"
    lines = ((row["line"], row["column_name"], row["code"], False) for row in rows)
    add(folder() / load.reject_file, lines, with_header=is_new)


def add(path: Path, lines: Iterable[tuple[Any, ...]], *, with_header: bool) -> None:
    # A header begins the file anew: after a restored dump, loads get numbers that had files before.
    how = os.O_TRUNC if with_header else os.O_APPEND
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    # A byte order mark, since people open this file in a spreadsheet program.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig" if with_header else "utf-8", newline="") as file:
        writer = csv.writer(file)
        if with_header:
            writer.writerow(HEADER)
        for line, column, code, is_warning in lines:
            reason = REASONS[code]
            kind = "警告 warning" if is_warning else "拒绝 rejected"
            writer.writerow((line, column, code, kind, reason.chinese, reason.english))
