"""Commands about collections: import, info, stations, profile, export, duplicates."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest, UnreadableFile
from ..words import counted, number
from . import app, show
from .arguments import CollectionPath, Csv, Json, Progress, SourceFlags
from .options import with_filters

if TYPE_CHECKING:
    from ..formats.mapping import ColumnMapping
    from ..observations.collection import Collection
    from ..observations.filters import Filters
    from ..observations.importing import ImportReport
    from ..observations.selection import Selection

__all__: list[str] = []

SHOWN_ODDITIES = 20


@app.command("import")
def import_(
    sources: Annotated[
        list[Path],
        # One file that may not be read must not stop the others.
        typer.Argument(metavar="SOURCE...", help="Files, folders and archives.", readable=False),
    ],
    into: Annotated[
        Path, typer.Option(help="Folder of the collection, new or not.", readable=False)
    ],
    name: Annotated[str | None, typer.Option(help="Name of the collection for people.")] = None,
    append: Annotated[
        bool, typer.Option("--append/--replace", help="Keep what the collection has, or not.")
    ] = True,
    mapping: Annotated[
        Path | None,
        typer.Option(help="What the columns of plain tables mean: see `sdcviz columns`."),
    ] = None,
    as_json: Json = False,
    progress: Progress = "auto",
) -> None:
    """Read files of any known format into a collection."""
    from ..formats import ReadOptions
    from ..observations import import_files

    options = ReadOptions(mapping=_read_mapping(mapping) if mapping else None)
    with show.progress_bar(progress) as tell:
        report = import_files(
            sources, into, name=name, options=options, progress=tell, append=append
        )
    if as_json:
        show.show_json(_report(report))
    else:
        _tell_report(report)


def _read_mapping(path: Path) -> ColumnMapping:
    from ..formats.mapping import ColumnMapping

    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path}: the column mapping can't be read ({error}).") from error
    return ColumnMapping.from_json(values)


@app.command()
def columns(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A plain table (CSV, TSV, ...).", readable=False)
    ],
    as_json: Json = False,
) -> None:
    """Show what the columns of a plain table are taken for.

    Change what --json writes, and give it to `sdcviz import --mapping`.
    """
    from ..formats import Problem, find_sources
    from ..formats.delimited import mapping_of

    with find_sources([file]) as sources:
        source = next(iter(sources))
        if isinstance(source, Problem):
            raise UnreadableFile(source.reason)
        mapping = mapping_of(source)
    if mapping is None:
        raise UnreadableFile(f"{file}: this is no plain table with a position or a time.")
    if as_json:
        show.show_json(mapping.to_json())
        return
    show.show_rows(
        ["column", "role", "name", "unit", "flag of", "scale"],
        [[use.label, use.role, use.name, use.unit, use.of, use.scale] for use in mapping.columns],
    )


def _report(report: ImportReport) -> dict[str, Any]:
    return {
        "collection": report.collection,
        "stations": report.stations,
        "samples": report.samples,
        "files": report.files,
        "warnings": [asdict(oddity) for oddity in report.warnings],
        "skipped": [{"file": file, "reason": reason} for file, reason in report.skipped],
    }


def _tell_report(report: ImportReport) -> None:
    for oddity in report.warnings[:SHOWN_ODDITIES]:
        show.note(f"  {oddity.file}, {oddity.where}: {oddity.what}; {oddity.consequence}.")
    hidden = len(report.warnings) - SHOWN_ODDITIES
    if hidden > 0:
        show.note(f"  ... and {counted(hidden, 'more oddity', 'more oddities')}: see --json.")
    for _, reason in report.skipped:
        show.note(f"  not imported: {reason}")
    typer.echo(
        f"{report.collection}: imported {counted(report.stations, 'station')} with "
        f"{counted(report.samples, 'sample')} from {counted(report.files, 'file')}."
    )


@app.command()
def info(
    collection: CollectionPath, source_flags: SourceFlags = False, as_json: Json = False
) -> None:
    """Tell what a collection holds."""
    about = _open(collection, source_flags).info()
    if as_json:
        show.show_json(about)
        return
    times, lon, lat = (show.plain(about[key]) for key in ("time", "lon", "lat"))
    typer.echo(
        f"{about['name']}: {counted(about['stations'], 'station')}, "
        f"{counted(about['samples'], 'sample')}, {counted(len(about['files']), 'file')}\n"
        f"time {times[0]} to {times[1]}\n"
        f"lon {lon[0]} to {lon[1]}, lat {lat[0]} to {lat[1]}\n"
    )
    show.show_rows(
        ["key", "label", "P01", "unit", "values", "flags"],
        [
            [
                item["key"],
                item["label"],
                item["p01"],
                item["unit"],
                item["values"],
                " ".join(f"{code}:{count}" for code, count in item["flags"].items()),
            ]
            for item in about["parameters"]
        ],
    )


@app.command()
@with_filters
def stations(
    collection: CollectionPath,
    filters: Filters,
    source_flags: SourceFlags = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the stations that pass the filters."""
    show.one_form(as_json, as_csv)
    opened = _open(collection, source_flags)
    selection = opened.where(filters)
    table = selection.stations
    if as_json:
        show.show_json(table.to_dict("records"))
    elif as_csv or not sys.stdout.isatty():
        show.show_csv(table)
    else:
        show.show_rows(list(table.columns), table.itertuples(index=False))
    show.note(
        f"{counted(selection.n_stations, 'station')} of {number(opened.n_stations)}, "
        f"{counted(selection.n_samples, 'sample')}"
    )


@app.command()
def profile(
    collection: CollectionPath,
    station: Annotated[
        str,
        typer.Argument(
            metavar="STATION", help="Station id, LOCAL_CDI_ID, cruise/station or row number."
        ),
    ],
    source_flags: SourceFlags = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show the samples of a station (of all stations that share the identifier)."""
    show.one_form(as_json, as_csv)
    opened = _open(collection, source_flags)
    rows = [int(row) for row in opened.find_station(station)]
    if as_json:
        show.show_json({"stations": [_card(opened, row) for row in rows]})
        return
    for row in rows:
        table = opened.profile(row)
        if as_csv:
            # Stations of several files have different columns, hence a heading each.
            table.insert(0, "station", opened.station_id(row))
            show.show_csv(table)
            continue
        for name, value in opened.station(row).items():
            if isinstance(value, str | int | float) and value != "":
                typer.echo(f"{name}: {value}")
        show.show_rows(list(table.columns), table.itertuples(index=False))


def _card(opened: Collection, row: int) -> dict[str, Any]:
    return {**opened.station(row), "profile": opened.profile(row).to_dict("list")}


@app.command()
@with_filters
def export(
    collection: CollectionPath,
    filters: Filters,
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="odv, netcdf, parquet or csv; else as --out ends."),
    ] = None,
    per_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Instead of --out: a file for each source file, named after it."
        ),
    ] = None,
    source_flags: SourceFlags = False,
    as_json: Json = False,
) -> None:
    """Write the stations and samples that pass the filters to a file.

    ODV files come back byte for byte but for flags that were changed.
    """
    from ..observations.export import export_each

    files: list[Path] = []
    selection = _open(collection, source_flags).where(filters)
    if (out is None) == (per_file is None):
        raise BadRequest("Give --out FILE, or --per-file FOLDER for a file for each source file.")
    if per_file is not None:
        files = export_each(selection, per_file, form)
    elif out is not None:
        files = [selection.export(out, form)]
        _write_changes(selection, out, form)
    if files and (form == "odv" or files[0].suffix in {".txt", ".odv"}):
        _tell_unwritten(selection, per_file is not None)
    told = {"stations": selection.n_stations, "samples": selection.n_samples}
    if as_json:
        show.show_json({"files": files, **told} if out is None else {"file": out, **told})
    else:
        where = out or f"{per_file}: {counted(len(files), 'file')}"
        typer.echo(
            f"{where}: {counted(selection.n_stations, 'station')}, "
            f"{counted(selection.n_samples, 'sample')}"
        )


def _write_changes(selection: Selection, out: Path, form: str | None) -> None:
    """Write the change log beside a CSV, which has no place for it."""
    if form != "csv" and (form or out.suffix.lower() != ".csv"):
        return
    from ..qc.changelog import write_change_log
    from ..qc.sessions import changes_of

    if not len(changes_of(selection.collection, selection.rows)[0]):
        return
    path = out.with_name(f"{out.stem}.changes.csv")
    n = write_change_log(selection.collection, path, selection.rows)
    show.note(f"{path}: {counted(n, 'change')} of flags.")


def _tell_unwritten(selection: Selection, apart: bool) -> None:
    """Say which changed flags the files have no column for."""
    from ..observations.export import parts_of_files
    from ..observations.originals import unwritten

    sources = selection.collection.manifest["sources"]
    for source, part in parts_of_files(selection):
        counts = unwritten(part if apart else selection)
        if not counts:
            continue
        file = sources[source]["name"]
        what = ", ".join(f"{number(n)} of {key.lstrip('@')}" for key, n in counts.items())
        show.note(
            f"{file} has no column for some changed flags ({what}); "
            "its history tells them, and --format netcdf keeps them."
        )


@app.command()
def duplicates(collection: CollectionPath, as_json: Json = False, as_csv: Csv = False) -> None:
    """List pairs of stations that look like the same one; nothing is removed."""
    import pandas as pd

    from ..observations.duplicates import Duplicate, find_duplicates

    show.one_form(as_json, as_csv)
    pairs = [asdict(pair) for pair in find_duplicates(_open(collection))]
    names = [field.name for field in fields(Duplicate)]
    if as_json:
        show.show_json(pairs)
    elif as_csv:
        show.show_csv(pd.DataFrame(pairs, columns=names))
    else:
        show.show_rows(names, [list(pair.values()) for pair in pairs])
    show.note(f"{counted(len(pairs), 'pair')} of stations that look like the same one.")


def _open(path: Path, source_flags: bool = False) -> Collection:
    from ..observations import open_collection

    return open_collection(path, flags="source" if source_flags else "journal")
