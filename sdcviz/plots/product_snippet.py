"""Copy as Python: the lines that repeat an extraction of a product and its figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .product_figure import DRAWN
from .snippet import where_lines

if TYPE_CHECKING:
    from ..products.asked import Asked
    from ..products.layers import Layer
    from ..products.product import Product

__all__ = ["product_snippet"]


def product_snippet(
    product: Product,
    asked: Asked,
    *,
    figure: Mapping[str, Any] | None = None,
    selection: Any = None,
    beside: Mapping[str, Any] | None = None,
    file: str = "",
    minus: Layer | None = None,
    spread: float | None = None,
) -> str:
    """Write the Python lines that repeat what was asked of a product.

    Parameters
    ----------
    product : Product
    asked : Asked
    figure : mapping, optional
        Options of its figure, see `product_figure`; no figure if left out.
    selection : Selection, optional
        Observations that the figure shows.
    beside : mapping, optional
        How they were chosen: options of `observations_beside`.
    file : str
        File that is written: a figure if its name ends so, else the extraction.
    minus : Layer, optional
        Layer that is subtracted from the map.
    spread : float, optional
        Standard deviation of the background of both; see `sdcviz.products.difference`.

    Returns
    -------
    str
        Runs as it is where sdcviz is installed and the product is there.
    """
    from .. import __version__

    dots = figure is not None and selection is not None and minus is None
    lines = [f"# sdcviz {__version__}: {asked.kind} out of {product.name}", "import sdcviz"]
    needed = [("sdcviz.products.layers", "Layer")] if asked.kind == "map" else []
    if asked.kind == "ts":
        needed.append(("sdcviz.products.asked", "temperature_and_salinity"))
    if minus is not None:
        needed.append(("sdcviz.products.difference", "difference"))
    if dots:
        needed += [
            ("sdcviz.products.asked", "Asked"),
            ("sdcviz.products.beside", "observations_beside"),
        ]
    if figure is not None:
        needed.append(("sdcviz.plots.product_figure", DRAWN[asked.kind].__name__))
    elif file:
        needed.append(("sdcviz.products.export", "write"))
    lines += [f"from {module} import {name}" for module, name in sorted(needed)]
    lines += ["", f"product = sdcviz.open_product({_address(product)})", _taken(asked)]
    if minus is not None:
        of_spread = f", spread={spread!r}" if spread else ""
        lines += [
            f"other = sdcviz.open_product({_address(minus.product)})",
            f"layer = difference(layer, {_of_layer(minus).call('other')}{of_spread})",
        ]
    options = {k: v for k, v in (figure or {}).items() if v is not None and v is not False}
    shown = ["layer" if asked.kind == "map" else "found"]
    if dots:
        lines += _beside_lines(asked, selection, dict(beside or {}))
        shown += ["observations=beside.columns", "window=beside.words"]
    if figure is not None:
        words = ", ".join([*shown, *(f"{k}={v!r}" for k, v in options.items())])
        lines.append(f"figure = {DRAWN[asked.kind].__name__}({words})")
        lines.append(f"sdcviz.plots.save_figure(figure, {file or asked.kind + '.png'!r})")
    else:
        if asked.kind == "map":
            made = 'array().to_dataset(name="value")' if minus is None else "dataset()"
            lines.append(f"found = layer.{made}")
        if file:
            lines = [*lines[:1], "from pathlib import Path", "", *lines[1:]]
            lines.append(f"write(found, Path({file!r}))")
    return "\n".join(lines) + "\n"


def _of_layer(layer: Layer) -> Asked:
    from ..products.asked import Asked

    return Asked(
        "map", layer.variable, time=layer.time, depth=layer.depth, mask=layer.mask,
        error=layer.error, derived=layer.derived,
    )  # fmt: skip


def _address(product: Product) -> str:
    from pathlib import Path

    given, path = dict(product.given), product.path
    files = [str(one.path) for one in getattr(product.source, "sources", ())]
    text = repr(files if files and not Path(path).is_dir() else path)
    return f"{text}, {given!r}" if given else text


def _taken(asked: Asked) -> str:
    return f"{'layer' if asked.kind == 'map' else 'found'} = {asked.call()}"


def _beside_lines(asked: Asked, selection: Any, how: dict[str, Any]) -> list[str]:
    """Write how the observations are found."""
    usual = {f.name: f.default for f in fields(asked)}
    given = {f: v for f, v in asked.__dict__.items() if f != "kind" and v != usual[f]}
    words = "".join(f", {k}={v!r}" for k, v in given.items())
    options = "".join(f", {k}={v!r}" for k, v in how.items())
    return [
        f"collection = sdcviz.open_collection({str(selection.collection.path)!r})",
        *where_lines(selection.filters),
        f"asked = Asked({asked.kind!r}{words})",
        f"beside = observations_beside(product, asked, selection{options})",
    ]
