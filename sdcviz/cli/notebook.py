"""``sdcviz notebook``: JupyterLab with a notebook over a collection."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import NotFound
from . import app
from .events import tell_job
from .options import read_filters

__all__: list[str] = []


@app.command()
def notebook(
    collection: Annotated[Path, typer.Option(help="Collection to open.", metavar="FOLDER")],
    selection: Annotated[
        Path | None,
        typer.Option(help="Filters (JSON), as Filters.to_json writes them.", metavar="FILE"),
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="Recipe (YAML).", metavar="FILE")] = None,
    product: Annotated[Path | None, typer.Option(help="Product (NetCDF).", metavar="FILE")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    base_url: Annotated[str, typer.Option(help="Path of its pages.", metavar="PATH")] = "/",
) -> None:
    """Start JupyterLab with a notebook that is prepared with a collection.

    It listens on this machine only, asks for a token, and goes on until it is stopped; started
    again in the same folder, it shows the notebook as it was left.
    """
    from ..notebooks import make_notebook, run_jupyter

    for path in (collection, selection, recipe, product):
        if path is not None and not path.exists():
            raise NotFound(f"{path}: there is no such file or folder.")
    tell_job("progress", done=0, total=0, text="JupyterLab starts")

    def make() -> Any:
        return make_notebook(collection, read_filters(selection), recipe, product)

    folder = Path.cwd()
    events = os.environ.get("SDCVIZ_EVENTS")
    place = Path(events).parent if events else folder / ".sdcviz-notebook"
    code = run_jupyter(make, port=port, host=host, base_url=base_url, folder=folder, place=place)
    if code:
        raise typer.Exit(code)
