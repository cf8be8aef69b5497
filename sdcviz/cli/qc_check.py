"""``sdcviz qc check``: run the checks over a collection."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest
from ..words import counted, number
from . import show
from .arguments import CollectionPath, Json, Progress
from .qc import qc

if TYPE_CHECKING:
    import pandas as pd

    from ..observations.collection import Collection
    from ..qc.checks.runner import Plan
    from ..qc.model import Findings

__all__: list[str] = []


@qc.command()
def check(
    collection: CollectionPath,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", help="Only this check (repeatable).", metavar="NAME"),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", help="Only this parameter (repeatable).", metavar="KEY"),
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(help="YAML file of thresholds; else that of the settings.", metavar="FILE"),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Set the flags that the checks propose.")
    ] = False,
    user: Annotated[
        str | None, typer.Option(help="Who does it; needed with --apply.", metavar="NAME")
    ] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write all findings as CSV.")] = False,
    counts: Annotated[
        bool, typer.Option("--counts", help="With --json: leave out the single findings.")
    ] = False,
    progress: Progress = "auto",
    rows: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the checks and keep what they find; with --apply, set the flags they propose."""
    from ..observations import open_collection
    from ..qc.apply import set_flags
    from ..qc.checks.runner import plan_checks, run_checks
    from ..qc.checks.thresholds import read_thresholds
    from ..qc.store import save_findings

    show.one_form(as_json, as_csv)
    if apply and not (user or "").strip():
        raise BadRequest("--apply writes into the journal: say who you are with --user.")
    opened = open_collection(collection)
    limits = read_thresholds(thresholds)
    plan = plan_checks(opened, check, limits, parameter)
    chosen = _rows(rows)
    with show.progress_bar(progress) as tell:
        found = run_checks(opened, check, limits, parameter, chosen, tell)
    save_findings(
        opened,
        found,
        checks=[c.name for c in plan.checks],
        thresholds=limits,
        user=user or getpass.getuser(),
        rows=chosen,
        parameters=parameter,
        skipped=plan.skipped,
    )
    report = _report(opened, plan, found)
    if apply:
        assert user is not None
        failed, passed = set_flags(opened, found, plan, user=user.strip(), rows=chosen)
        report["applied"] = {"failed": failed, "passed": passed}
    if as_json:
        if not counts:
            report["findings"] = _table(opened, found).to_dict("records")
        show.show_json(report)
    elif as_csv:
        show.show_csv(_table(opened, found))
    else:
        _tell(report)


def _rows(path: Path | None) -> Any:
    import numpy as np

    return None if path is None else np.load(path, allow_pickle=False)


def _report(opened: Collection, plan: Plan, found: Findings) -> dict[str, Any]:
    import numpy as np

    checks = []
    for check in plan.checks:
        number = found.checks.index(check.name) if check.name in found.checks else -1
        mine = found.take(found.check == number)
        flags, n = np.unique(mine.flag, return_counts=True)
        checks.append(
            {
                "check": check.name,
                "title": check.title,
                "findings": len(mine),
                "stations": len(np.unique(mine.station)),
                "flags": {chr(f): int(k) for f, k in zip(flags, n, strict=True)},
            }
        )
    return {
        "collection": opened.path,
        "stations": opened.n_stations,
        "stations_with_findings": len(np.unique(found.station)),
        "findings_total": len(found),
        "checks": checks,
        "skipped": plan.skipped,
    }


def _table(opened: Collection, found: Findings) -> pd.DataFrame:
    """Give the findings with names and depths for people."""
    import numpy as np

    from ..observations.kernels import restore

    table = found.to_frame()
    rows = table["station"].to_numpy()
    names = {row: opened.station_id(row) for row in np.unique(rows).tolist()}
    at = opened.offsets[rows] + table["sample"].to_numpy()
    depth = np.full(len(table), np.nan)
    single = table["sample"].to_numpy() >= 0
    known = np.asarray(opened.depth[at[single]])
    depth[single] = restore(known) if known.dtype == np.float32 else known
    table.insert(0, "check", table.pop("check"))
    # "@depth" is a name of ours; the commands take "depth".
    table["parameter"] = table["parameter"].str.removeprefix("@")
    table.insert(1, "station_id", [names[row] for row in rows.tolist()])
    table.insert(2, "cruise", opened.text("cruise").take(rows).texts())
    table.insert(3, "station_name", opened.text("station").take(rows).texts())
    table.insert(6, "depth", depth)
    return table


def _tell(report: dict[str, Any]) -> None:
    show.show_rows(
        ["check", "findings", "stations", "flags"],
        [
            [
                item["title"] if sys.stdout.isatty() else item["check"],
                item["findings"],
                item["stations"],
                " ".join(f"{flag}:{n}" for flag, n in item["flags"].items()),
            ]
            for item in report["checks"]
        ],
    )
    for sentence in report["skipped"].values():
        show.note(f"  not run: {sentence}")
    show.note(
        f"{counted(report['findings_total'], 'finding')} at "
        f"{number(report['stations_with_findings'])} of {counted(report['stations'], 'station')}."
    )
    if "applied" in report:
        show.note(
            f"Flags set: {number(report['applied']['failed'])} worse, "
            f"{number(report['applied']['passed'])} from 0 to 1."
        )
