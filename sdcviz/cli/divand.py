"""``sdcviz divand``: analyse a collection as a recipe says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..errors import BadRequest
from ..storage import storage_errors
from ..words import counted, number
from . import app, show
from .events import is_job, tell_job
from .picture import leave_picture

__all__: list[str] = []

Tell = Callable[[dict[str, Any]], None]

FINDINGS = 1
"""Exit status of --check where something is wrong."""


@app.command()
def divand(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="RECIPE", help="Recipe file (YAML); see --example."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Product to write (NetCDF); with --example, recipe.", metavar="FILE"),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="One time and level on a coarse grid; writes no product."),
    ] = False,
    study: Annotated[
        bool,
        typer.Option(
            "--study",
            help="Several lengths and error variances for one time and level, scored by cruises "
            "that were left out; writes no product.",
        ),
    ] = False,
    time: Annotated[
        str | None,
        typer.Option(
            help="Of --preview and --study: number or name, such as January.", metavar="TIME"
        ),
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Of --preview and --study: depth.", metavar="METRES")
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Write a recipe with comments, to start from.")
    ] = False,
    collection: Annotated[
        Path | None,
        typer.Option(
            help="The collection that --example names, or that --outdated and --rerun compare "
            "with instead of the recipe's.",
            metavar="FOLDER",
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Write the JSON schema of recipes.")
    ] = False,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Tell what is wrong with the layout of a product; status 1 if anything is.",
            metavar="FILE",
        ),
    ] = None,
    outdated: Annotated[
        Path | None,
        typer.Option(
            help="Tell which observations of a product changed since it was made: flags, values, "
            "places; status 1 if any did.",
            metavar="FILE",
        ),
    ] = None,
    rerun: Annotated[
        Path | None,
        typer.Option(
            help="Analyse the surroundings of what changed again, by the recipe of a product.",
            metavar="FILE",
        ),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(
            help="Of --rerun: only changes in this area.", metavar="WEST,SOUTH,EAST,NORTH"
        ),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Of --rerun: write the whole product, not the part.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; else as in the recipe.", metavar="N")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler that gets the time slices.", metavar="ADDRESS"),
    ] = None,
    engine: Annotated[
        Literal["built-in", "julia"],
        typer.Option(help="What analyses: built-in, or julia (DIVAnd.jl, where it is installed)."),
    ] = "built-in",
    export_julia: Annotated[
        Path | None,
        typer.Option(
            help="Write the problem for DIVAnd.jl instead, as plain arrays.", metavar="FOLDER"
        ),
    ] = None,
    import_julia: Annotated[
        Path | None,
        typer.Option(
            help="Make the product of the answers that DIVAnd.jl left there.", metavar="FOLDER"
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Write one JSON document; events on standard error."),
    ] = False,
    progress: Annotated[
        str, typer.Option(help="auto, json (lines on standard error) or none.", metavar="KIND")
    ] = "auto",
) -> None:
    """Interpolate a collection as a recipe says: observations to a gridded product.

    A run that was broken off goes on with the time slices that are missing.
    """
    if schema:
        from ..analyses import recipe_schema

        show.show_json(recipe_schema())
        return
    if example:
        _example(out, collection)
        return
    if check is not None:
        if recipe is not None:
            raise BadRequest(f"--check takes a product and no recipe; leave out {recipe}.")
        _check(check, as_json)
        return
    kind = "json" if as_json and progress == "auto" else progress
    if outdated is not None or rerun is not None:
        if recipe is not None:
            raise BadRequest(f"The recipe is that of the product; leave out {recipe}.")
        from .divand_again import box_of, tell_again, tell_outdated

        if outdated is not None:
            tell_outdated(outdated, collection, as_json)
        if rerun is not None:
            with _events(kind) as tell:
                tell_again(
                    rerun, out, tell, as_json=as_json, box=box_of(box), merge=merge,
                    collection=collection, workers=workers, scheduler=scheduler,
                )  # fmt: skip
        return
    if recipe is None:
        raise BadRequest("Name a recipe; 'sdcviz divand --example' writes one to start from.")
    if preview:
        _preview(recipe, time, level, as_json, out)
        return
    if export_julia is not None:
        _export(recipe, export_julia, as_json)
        return
    if study:
        _study(recipe, time, level, as_json, out)
        return
    if out is None:
        raise BadRequest("Name the product: --out product.nc.")
    from .. import analyses

    with _events(kind) as tell:
        if import_julia is not None:
            report = analyses.import_julia(recipe, import_julia, out, tell=tell)
        else:
            report = analyses.run(
                recipe, out, tell=tell, workers=workers, scheduler=scheduler, engine=engine
            )
    leave_picture(out)
    if as_json:
        show.show_json(report)
    else:
        _tell(report)


def _example(out: Path | None, collection: Path | None) -> None:
    from ..analyses import example_recipe

    text = example_recipe(_seen_from(out, collection) if collection else "my_collection")
    if out is None:
        sys.stdout.write(text)
        return
    if out.exists():
        raise BadRequest(f"{out} is there already; name a new file for the example.")
    with storage_errors(out):
        out.write_text(text, encoding="utf-8")
    show.note(f"{out}: change it, then: sdcviz divand {out} --out product.nc")


def _seen_from(out: Path | None, collection: Path) -> str:
    """Return the collection's path as the recipe file sees it; paths are seen from its folder."""
    if out is None or collection.expanduser().is_absolute():
        return str(collection.expanduser())
    whole, folder = collection.absolute(), out.expanduser().absolute().parent
    try:
        return str(whole.relative_to(folder))
    except ValueError:
        # Through links a path upwards leads elsewhere than it reads.
        return os.path.relpath(whole.resolve(), folder.resolve())


def _check(product: Path, as_json: bool) -> None:
    """Compare a product with the layout that DIVAnd's users and programs expect."""
    from ..analyses import check_layout

    findings = check_layout(product)
    if as_json:
        show.show_json({"product": product, "findings": findings})
    else:
        for sentence in findings:
            typer.echo(sentence)
        told = counted(len(findings), "finding") if findings else "nothing is wrong with it"
        show.note(f"{product}: {told}.")
    if findings:
        raise typer.Exit(FINDINGS)


def _preview(
    recipe: Path, time: str | None, level: float | None, as_json: bool, out: Path | None
) -> None:
    if out is not None:
        raise BadRequest("A preview writes no product; leave out --out, or --preview.")
    from ..analyses import preview

    seen = preview(recipe, time=time, level=level)
    if as_json:
        show.show_json(seen.document())
        return
    for sentence in seen.warnings:
        show.note(sentence)
    show.note(seen.sentence())


def _export(recipe: Path, folder: Path, as_json: bool) -> None:
    from ..analyses import export_julia

    report = export_julia(recipe, folder)
    if as_json:
        show.show_json(report)
        return
    for sentence in report["warnings"]:
        show.note(sentence)
    show.note(
        f"{report['folder']}: {counted(report['slices'], 'time slice')} for DIVAnd.jl. Run its "
        f"driver on it, then: sdcviz divand {recipe} --import-julia {folder} --out product.nc"
    )


def _study(
    recipe: Path, time: str | None, level: float | None, as_json: bool, out: Path | None
) -> None:
    if out is not None:
        raise BadRequest("A study writes no product; leave out --out, or --study.")
    from ..analyses.study import study

    cells = list(study(recipe, time=time, level=level))
    best = min(cells, key=lambda cell: cell.score)
    if as_json:
        told = [cell.document() for cell in cells]
        show.show_json({"trials": told, "best": best.document()})
        return
    show.show_rows(
        ["length (km)", "epsilon2", "misfit of what was left out", ""],
        [
            [f"{c.length / 1000:g}", f"{c.epsilon2:g}", f"{c.score:.4g}", "best" * (c is best)]
            for c in cells
        ],
    )


@contextmanager
def _events(kind: str) -> Iterator[Tell]:
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


def _tell(report: dict[str, Any]) -> None:
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
