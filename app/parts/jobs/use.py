"""What jobs took in a month, as the list of jobs shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sdcviz.words import duration, number, size

__all__ = ["use_of"]


def use_of(month: str = "") -> dict[str, Any]:
    """Return what jobs took in a month, for the browser.

    Parameters
    ----------
    month : str
        Such as ``2026-11``; empty: this one.

    Returns
    -------
    dict
        The ``month``, all ``months`` there are, ``rows`` of names and values, ``shares`` of people
        and workspaces where there are several, and a ``csv`` with one job a line.
    """
    from sdcviz import jobs
    from sdcviz.formats.csv_write import table_text
    from sdcviz.jobs.accounting import columns_by
    from sdcviz.jobs.rows import now

    this = now()[:7]
    month = month or this
    rows = jobs.usage(month, "job")
    return {
        "month": month,
        "months": sorted({this, month, *jobs.months()}, reverse=True),
        "rows": _told(rows),
        "shares": [
            *_shares("Person", rows, "owner"),
            *_shares("Workspace", rows, "workspace"),
        ],
        "csv": table_text(columns_by("job"), rows) if rows else "",
    }


def _told(rows: list[dict[str, Any]]) -> list[list[str]]:
    if not rows:
        return []
    from sdcviz.jobs.accounting import COLUMNS

    total = {name: sum(row[name] for row in rows) for name in COLUMNS}
    told = [
        ["Jobs", number(len(rows))],
        ["Processor", _hours(total["cpu_seconds"])],
        ["Memory", f"{total['gb_hours']:.3g} GB hours"],
        ["Run time", duration(total["wall_seconds"])],
        ["Read", size(total["read_bytes"])],
        ["Written", size(total["written_bytes"])],
    ]
    compared = [
        row for row in rows if row["state"] == "done" and row["expected_cpu_seconds"] is not None
    ]
    if compared:
        of = "the job" if len(compared) == 1 else f"{number(len(compared))} jobs"
        for title, name in (("Processor", "cpu_seconds"), ("Time", "wall_seconds")):
            expected = sum(row[f"expected_{name}"] or 0 for row in compared)
            took = sum(row[name] for row in compared)
            sentence = f"{duration(took)}, {duration(expected)} expected"
            told.append([f"{title} of {of} that had an estimate", sentence])
    return told


def _hours(seconds: float) -> str:
    """Return processor seconds as hours, the unit in which machines are shared out."""
    if seconds < 3600:
        return duration(seconds)
    hours = seconds / 3600
    return f"{hours:.3g} hours" if hours < 1000 else f"{number(round(hours))} hours"


def _shares(title: str, rows: Iterable[dict[str, Any]], by: str) -> list[list[str]]:
    """Return the part of each person or workspace, the largest first; nothing if it is one."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        one = sums.setdefault(row[by], [0, 0.0])
        one[0] += 1
        one[1] += row["cpu_seconds"]
    if len(sums) < 2:
        return []
    ordered = sorted(sums.items(), key=lambda item: -item[1][1])
    return [
        [title, name or "none", number(int(count)), _hours(cpu)] for name, (count, cpu) in ordered
    ]
