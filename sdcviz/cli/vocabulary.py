"""Commands about vocabularies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..words import counted
from . import app, show
from .arguments import Json

__all__: list[str] = []

vocab = typer.Typer(help="Names of codes (P01, P06, EDMO, ...).", no_args_is_help=True)
app.add_typer(vocab, name="vocab")


@vocab.command("import")
def import_terms(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV (collection,code,label; may be .gz) or XML."),
    ],
    collection: Annotated[
        str, typer.Option(help="Collection of a CSV that does not say it: EDMO, P01, ...")
    ] = "",
    as_json: Json = False,
) -> None:
    """Keep the terms of a file in your data folder."""
    from .. import vocabularies

    count = vocabularies.import_terms(file, collection)
    if as_json:
        show.show_json({"file": file, "terms": count})
    else:
        typer.echo(f"{file}: {counted(count, 'term')} kept.")
