"""Commands that show the page: serve and demo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from . import app, show

__all__: list[str] = []

Port = Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default=False)]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)]
RootPath = Annotated[
    str | None, typer.Option(help="URL prefix behind a proxy: /viz.", show_default=False)
]


@app.command()
def serve(
    collections: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[COLLECTION...]", help="Collections to offer."),
    ] = None,
    product: Annotated[
        list[str] | None,
        typer.Option(
            help="Product to put on the shelf and to show: file, folder, Zarr store or OPeNDAP "
            "address; may be repeated.",
            metavar="PRODUCT",
        ),
    ] = None,
    port: Port = None,
    host: Host = None,
    root_path: RootPath = None,
) -> None:
    """Show the page to a browser until Ctrl-C."""
    products = [_whole(path) for path in product or []]
    _serve(collections or [], products, port=port, host=host, root_path=root_path)


@app.command()
def demo(
    stations: Annotated[int, typer.Option(min=1, help="About how many stations.")] = 20_000,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the collection; in your data folder by default.")
    ] = None,
    products: Annotated[
        bool | None,
        typer.Option(
            "--products/--no-products",
            help="Also make two versions of a climatology of it (some seconds, once); by default "
            "where there are stations enough for it.",
            show_default=False,
        ),
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only make it.")] = False,
    port: Port = None,
    host: Host = None,
    root_path: RootPath = None,
) -> None:
    """Make a synthetic collection of the Mediterranean and Black Sea (once), and show it."""
    from ..demo import make_demo
    from ..demo.products import FEWEST

    with show.progress_bar() as tell:
        path = make_demo(out, stations, tell)
    typer.echo(f"{path}: synthetic data, for trying things out only.")
    if stations >= FEWEST if products is None else products:
        from .demo_products import make_products

        for product in make_products(path):
            typer.echo(f"{product}: a climatology of it.")
    if not no_serve:
        _serve([path], [], port=port, host=host, root_path=root_path)


def _whole(product: str) -> str:
    """Return a path as the shelf keeps it: the server may be started from elsewhere later."""
    return product if "://" in product else str(Path(product).expanduser().absolute())


def _serve(collections: Sequence[Path], products: Sequence[str], **given: Any) -> None:
    # By name, because the library may not depend on the app: only this command starts it.
    from importlib import import_module

    from ..observations import open_collection
    from ..settings import load_settings

    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    for path in collections:
        open_collection(path)
    show.note("Starting ...")
    import_module("sdcviz_app.server").serve(settings, collections, products, started=_tell_address)


def _tell_address(url: str) -> None:
    typer.echo(f"sdcviz is at {url} (Ctrl-C stops it)")
