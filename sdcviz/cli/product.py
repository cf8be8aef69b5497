"""``sdcviz product``, ``sdcviz prepare``: what a product is, and its memory-mapped copies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import BadRequest
from ..words import counted, size
from . import app, show
from .arguments import Json, Progress

__all__ = ["Addresses", "Corrections", "opened"]

Addresses = Annotated[
    list[str],
    typer.Argument(
        metavar="PRODUCT", help="NetCDF file (or several as one), folder, Zarr store or address."
    ),
]
Corrections = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="KIND=NAME",
        help="Say what a dimension is, such as depth=lev; may be repeated.",
    ),
]


def opened(paths: list[str], roles: list[str] | None) -> Any:
    """Open a product that a command names."""
    from ..products import open_product

    given: dict[str, Any] = {}
    for text in roles or ():
        kind, equals, name = text.partition("=")
        if not equals:
            raise BadRequest(f"--role {text}: expected KIND=NAME, such as depth=lev.")
        given[kind.strip()] = name.strip()
    if "fields" in given:
        given["fields"] = given["fields"].split(",")
    return open_product(paths[0] if len(paths) == 1 else paths, given)


@app.command()
def product(
    paths: Addresses,
    role: Corrections = None,
    as_json: Json = False,
) -> None:
    """Tell what is in a gridded product: fields, axes, area, period, and what was recognised."""
    found = opened(paths, role)
    told = found.info()
    if as_json:
        show.show_json(told)
        return
    show.show_rows(
        ["field", "unit", "times", "levels", "points", "error"],
        [
            [
                v["name"], v["unit"], v["shape"][0] if v["has_time"] else "",
                v["shape"][1] if v["has_depth"] else "", f"{v['shape'][3]} x {v['shape'][2]}",
                found.roles_of(v["name"]).error,
            ]
            for v in told["variables"]
        ],
    )  # fmt: skip
    west, south, east, north = told["box"]
    show.note(f"{told['title'] or told['name']}: {west:g} to {east:g} E, {south:g} to {north:g} N.")
    if told["times"]:
        show.note(f"Times: {', '.join(told['times'][:12])}.")
    state = "prepared" if told["prepared"] else f"not prepared ({size(told['bytes_of_copies'])})"
    show.note(f"Copies: {state}.")
    for sentence in told["warnings"]:
        show.note(f"  {sentence}")


@app.command()
def prepare(
    paths: Addresses,
    variable: Annotated[
        list[str] | None,
        typer.Option(help="Field to prepare, with its error; all by default.", metavar="NAME"),
    ] = None,
    role: Corrections = None,
    only_tell: Annotated[
        bool, typer.Option("--plan", help="Only tell how much disk it takes.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON document; progress on standard error.")
    ] = False,
    progress: Progress = "auto",
) -> None:
    """Make the two memory-mapped copies of a product, so that every extraction is immediate.

    What was broken off goes on where it was with the same command.
    """
    from ..products import plan
    from ..products import prepare as make

    found = opened(paths, role)
    wanted = plan(found, variable)
    kind = "json" if as_json and progress == "auto" else progress
    if not only_tell:
        show.note(wanted.sentence())
        with show.progress_bar(kind) as bar:
            make(found, progress=bar, variables=variable)
        found.look_for_copies()
    document = {
        "product": found.path,
        "folder": str(Path(wanted.folder)),
        "variables": list(wanted.variables),
        "bytes": wanted.bytes,
        "free": wanted.free,
        "prepared": found.prepared,
        "warnings": found.warnings,
    }
    if as_json:
        show.show_json(document)
    elif only_tell:
        show.note(wanted.sentence())
    else:
        told = counted(len(wanted.variables), "variable")
        show.note(f"{found.name}: {told} prepared in {wanted.folder}.")
        for sentence in found.warnings:
            show.note(f"  {sentence}")
