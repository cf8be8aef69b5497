"""``sdcviz divand``: analyse a collection as a recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import BadRequest
from . import app, show
from . import divand_asides as asides
from .divand_telling import events, tell_run
from .picture import leave_picture

__all__: list[str] = []


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
    outliers: Annotated[
        bool,
        typer.Option(
            "--outliers",
            help="List the observations that look like errors, before anything is analysed; "
            "writes no product.",
        ),
    ] = False,
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
        asides.tell_example(out, collection)
        return
    if check is not None:
        if recipe is not None:
            raise BadRequest(f"--check takes a product and no recipe; leave out {recipe}.")
        asides.tell_check(check, as_json)
        return
    kind = "json" if as_json and progress == "auto" else progress
    if outdated is not None or rerun is not None:
        if recipe is not None:
            raise BadRequest(f"The recipe is that of the product; leave out {recipe}.")
        from .divand_again import box_of, tell_again, tell_outdated

        if outdated is not None:
            tell_outdated(outdated, collection, as_json)
        if rerun is not None:
            with events(kind) as tell:
                tell_again(
                    rerun, out, tell, as_json=as_json, box=box_of(box), merge=merge,
                    collection=collection, workers=workers, scheduler=scheduler,
                )  # fmt: skip
        return
    if recipe is None:
        raise BadRequest("Name a recipe; 'sdcviz divand --example' writes one to start from.")
    if outliers:
        asides.tell_outliers(recipe, as_json)
        return
    if preview:
        asides.tell_preview(recipe, time, level, as_json, out)
        return
    if export_julia is not None:
        asides.tell_export(recipe, export_julia, as_json)
        return
    if study:
        asides.tell_study(recipe, time, level, as_json, out)
        return
    if out is None:
        raise BadRequest("Name the product: --out product.nc.")
    from .. import analyses

    with events(kind) as tell:
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
        tell_run(report)
