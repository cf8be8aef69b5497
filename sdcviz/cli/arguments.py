"""Arguments and options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["CollectionPath", "Csv", "Json", "Progress", "SourceFlags"]

CollectionPath = Annotated[
    Path,
    # What may not be read is told by the room that reads it, in its own words.
    typer.Argument(metavar="COLLECTION", help="Folder of a collection.", readable=False),
]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
SourceFlags = Annotated[
    bool, typer.Option("--source-flags", help="Flags as they were imported, without changes.")
]
Progress = Annotated[
    str, typer.Option(help="auto, json (lines on standard error) or none.", metavar="KIND")
]
