"""What ``sdcviz divand`` tells while an analysis runs, and of what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..words import counted, number
from . import show
from .events import is_job, tell_job

__all__ = ["Tell", "events", "tell_run"]

Tell = Callable[[dict[str, Any]], None]


@contextmanager
def events(kind: str) -> Iterator[Tell]:
    """Give what hears of a run: JSON lines, a bar on a terminal, or only its warnings."""
    with show.progress_bar("none" if kind == "json" else kind) as bar:

        def tell(event: dict[str, Any]) -> None:
            if kind == "json":
                line = json.dumps(show.plain(event), ensure_ascii=False)
                print(line, file=sys.stderr, flush=True)
            elif is_job():
                _write_down(event)
            if event["event"] == "progress":
                if bar is not None:
                    bar(event["done"], event["total"], event["text"])
            elif event["event"] == "result":
                report = show.plain({name: event[name] for name in event if name != "event"})
                tell_job("result", report=report)
            else:
                tell_job(**show.plain(event))

        yield tell


def _write_down(event: dict[str, Any]) -> None:
    """Write what has happened into the log of the job."""
    if event["event"] == "warning":
        show.note(event["text"])
    elif event["event"] == "slice":
        rmse = "" if event["rmse"] is None else f", rmse {event['rmse']:.3g}"
        show.note(
            f"{event['label']}: {number(event['used'])} of "
            f"{counted(event['observations'], 'observation')} used{rmse}, solver "
            f"{event['solver']}, {event['seconds']:g} s"
        )
        for sentence in event.get("warnings", ()):
            show.note(f"  {sentence}")
    elif event["event"] == "progress" and not event["total"]:
        show.note(event["text"])


def tell_run(report: dict[str, Any]) -> None:
    """Say what came of a run."""
    show.show_rows(
        ["time", "observations", "used", f"rmse ({report['unit']})", "solver"],
        [
            [s["label"], s["observations"], s["used"], s["rmse"], s["solver"]]
            for s in report["slices"]
        ],
    )
    for sentence in report["warnings"]:
        show.note(f"  {sentence}")
    grid = report["grid"]
    show.note(
        f"{report['out']}: {counted(grid['times'], 'time')}, {counted(grid['depth'], 'level')}, "
        f"{grid['lon']} x {grid['lat']} points; {number(report['used'])} of "
        f"{counted(report['observations'], 'observation')} used, {report['seconds']:g} s."
    )
