"""Commands about flags: ``sdcviz qc flag``, ``undo``, ``redo``, ``history``, ``log`` ..."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest, NotFound
from ..words import counted, number
from . import show
from .arguments import CollectionPath, Csv, Json, SourceFlags
from .qc import qc

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..qc.journal.queries import Batch

__all__: list[str] = []

User = Annotated[str, typer.Option("--user", help="Who does it.", metavar="NAME")]
_PLACES = {"depth": "@depth", "time": "@time", "position": "@position"}
_LOGGED = ("batch", "time", "user", "tool", "samples", "reason", "selection", "undoes", "reading")


@qc.command()
def flag(
    collection: CollectionPath,
    where: Annotated[
        str,
        typer.Option(
            "--where",
            help="Which samples: 'temperature > 30 and depth < 10', 'check(spike)'.",
            metavar="RULE",
        ),
    ],
    parameter: Annotated[
        str,
        typer.Option(
            "--parameter", help="Whose flags: a parameter, depth, time or position.", metavar="KEY"
        ),
    ],
    new: Annotated[str, typer.Option("--flag", help="SeaDataNet flag (L20).", metavar="FLAG")],
    reason: Annotated[str, typer.Option("--reason", help="Why.", metavar="TEXT")],
    user: User,
    over_worse: Annotated[
        bool, typer.Option("--over-worse", help="Replace worse flags too; else they stay.")
    ] = False,
    try_only: Annotated[
        bool, typer.Option("--try", help="Only count what would be changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Flag all samples that meet a rule."""
    from ..observations import open_collection
    from ..qc.journal import check_flag
    from ..qc.rules import RuleError, parse

    code = check_flag(new)
    if not user.strip():
        raise BadRequest("Say who changes the flags: --user NAME.")
    opened = open_collection(collection)
    key = _PLACES.get(parameter.lower(), parameter)
    try:
        rule = parse(where)
        hits = len(rule.hits(opened, key)[0])
        edits = rule.edits(opened, key, code, keep_worse=not over_worse)
    except RuleError as error:
        show.note(error.pointer)
        raise
    report: dict[str, Any] = {"hits": hits, "changed": len(edits), "batch": None}
    if len(edits) and not try_only:
        batch = opened.journal.write(
            opened, edits, user=user, reason=reason, tool="rule", selection=rule.text
        )
        report["batch"] = batch.id
    if as_json:
        show.show_json(report)
        return
    would = "would be set" if try_only else "set"
    typer.echo(
        f"{counted(len(edits), 'flag')} {would} to {code}; the rule meets {number(hits)}, "
        f"{number(hits - len(edits))} of them stay."
    )


@qc.command()
def undo(collection: CollectionPath, user: User, as_json: Json = False) -> None:
    """Take back the last change that a user made and that still stands."""
    _take_back(collection, user, "undo", as_json)


@qc.command()
def redo(collection: CollectionPath, user: User, as_json: Json = False) -> None:
    """Do again what a user took back last."""
    _take_back(collection, user, "redo", as_json)


def _take_back(path: Path, user: str, what: str, as_json: bool) -> None:
    from ..observations import open_collection

    opened = open_collection(path)
    if not user.strip():
        raise BadRequest(f"Say whose change to {what}: --user NAME.")
    batch = getattr(opened.journal, what)(opened, user.strip())
    if as_json:
        show.show_json(None if batch is None else _batch_row(batch))
    elif batch is None:
        typer.echo(f"{user} has nothing to {what}.")
    else:
        done = "taken back" if what == "undo" else "done again"
        typer.echo(f"{counted(batch.samples, 'flag')} {done}: {batch.reason or 'no reason given'}.")


@qc.command()
def history(
    collection: CollectionPath,
    sample: Annotated[
        str | None,
        typer.Option(
            metavar="STATION[:SAMPLE]",
            help="Changes of this station (id, LOCAL_CDI_ID, cruise/station or row) or sample "
            "(its number in the station, from 0).",
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="Only what this user did.", metavar="NAME")
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List what was changed, the oldest first; or all changes of one station or sample."""
    from ..observations import open_collection

    show.one_form(as_json, as_csv)
    opened = open_collection(collection)
    if sample is None:
        rows = [_batch_row(b) for b in opened.journal.batches(opened, user=user)]
        _show_table(rows, list(_LOGGED), as_json, as_csv)
        return
    changes = _changes(opened, *_named(opened, sample), user)
    names = ["station", "sample", "depth", "parameter", "time", "user", "old", "new", "reason",
             "tool", "note", "batch"]  # fmt: skip
    _show_table(changes, names, as_json, as_csv)


def _batch_row(batch: Batch) -> dict[str, Any]:
    return {"batch": batch.id} | {name: getattr(batch, name) for name in _LOGGED[1:]}


def _named(opened: Collection, text: str) -> tuple[list[int], int | None]:
    """Find the stations, and the number of the sample, that a text names."""
    try:
        return [int(row) for row in opened.find_station(text)], None
    except NotFound:
        name, colon, last = text.rpartition(":")
        if not colon or not last.isdigit():
            raise
    rows = [int(row) for row in opened.find_station(name)]
    for row in rows:
        n = int(opened.offsets[row + 1] - opened.offsets[row])
        if int(last) >= n:
            raise NotFound(
                f"Station {name} has {counted(n, 'sample')}, numbered from 0; "
                f"there is no sample {last}."
            )
    return rows, int(last)


def _changes(
    opened: Collection, rows: list[int], sample: int | None, user: str | None
) -> list[dict[str, Any]]:
    """Give the changes of some stations, or of one sample of each."""
    import numpy as np

    edits, ids = opened.journal.edits(opened)
    batches = {b.id: b for b in opened.journal.batches(opened)}
    mine = np.isin(edits.station, rows)
    if sample is not None:
        mine &= edits.sample == sample
    found = []
    for i in np.flatnonzero(mine).tolist():
        batch, at = batches[int(ids[i])], int(edits.sample[i])
        if user is not None and batch.user != user:
            continue
        row = int(edits.station[i])
        found.append(
            {
                "station": opened.station_id(row),
                "sample": at if at >= 0 else None,
                "depth": float(opened.depth[opened.offsets[row] + at]) if at >= 0 else None,
                "parameter": edits.keys[edits.parameter[i]],
                "time": batch.time,
                "user": batch.user,
                "old": chr(edits.old[i]),
                "new": chr(edits.new[i]),
                "reason": batch.reason,
                "tool": batch.tool,
                "note": edits.notes[i] if edits.notes else "",
                "batch": batch.id,
            }
        )
    return found


def _show_table(rows: list[dict[str, Any]], names: list[str], as_json: bool, as_csv: bool) -> None:
    if as_json:
        show.show_json(rows)
    elif as_csv:
        import pandas as pd

        show.show_csv(pd.DataFrame(rows, columns=names))
    else:
        show.show_rows(names, [[row[name] for name in names] for row in rows])


@qc.command()
def summary(
    collection: CollectionPath, source_flags: SourceFlags = False, as_json: Json = False
) -> None:
    """Count the flags as they stand, beside those that were imported."""
    from ..observations import open_collection
    from ..qc.statistics import flag_counts

    opened = open_collection(collection, flags="source" if source_flags else "journal")
    counts = flag_counts(opened)
    if not as_json:
        names = ["parameter", "flag", "meaning", "before", "after"]
        show.show_rows(names, counts[names].itertuples(index=False))
        return
    about = opened.info()
    batches = opened.journal.batches(opened) if opened.last_batch is not None else []
    show.show_json(
        {
            **{name: about[name] for name in ("id", "name", "snapshot") if name in about},
            "parameters": about["parameters"],
            "flags": counts.to_dict("records"),
            "batches": len(batches),
            "last_change": batches[-1].time if batches else None,
        }
    )


@qc.command()
def log(
    collection: CollectionPath,
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write; standard output without.")
    ] = None,
) -> None:
    """Write the change log: one row for each flag that was changed."""
    from ..observations import open_collection
    from ..qc.changelog import COLUMNS, change_log, write_change_log

    opened = open_collection(collection)
    if out is not None:
        rows = write_change_log(opened, out)
        typer.echo(f"{out}: {counted(rows, 'change')}")
        return
    sys.stdout.write(",".join(COLUMNS) + "\n")
    for table in change_log(opened):
        sys.stdout.write(table.write_csv(include_header=False))
