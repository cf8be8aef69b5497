"""Copy as Python: the lines that repeat an extraction of a product and its figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from .product_comparison import Comparison
from .product_figure import DRAWN
from .snippet import where_lines

if TYPE_CHECKING:
    from ..products.asked import Asked
    from ..products.layers import Layer
    from ..products.product import Product

__all__ = ["Shown", "product_snippet"]


@dataclass(frozen=True)
class Shown:
    """What an export shows beside what was asked for.

    Attributes
    ----------
    figure : mapping or None
        Options of the figure, see `product_figure`; None: the data are written.
    selection : Selection or None
        Observations that the figure shows.
    beside : mapping
        How they were chosen: options of `observations_beside`.
    comparison : Comparison or None
        What the map is compared with.
    """

    figure: Mapping[str, Any] | None = None
    selection: Any = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    comparison: Comparison | None = None


def product_snippet(
    product: Product, asked: Asked, shown: Shown | None = None, *, file: str = ""
) -> str:
    """Write the Python lines that repeat what was asked of a product.

    Parameters
    ----------
    product : Product
    asked : Asked
    shown : Shown, optional
        Its figure; the data alone if left out.
    file : str
        File that is written: a figure if there is one, else the extraction.

    Returns
    -------
    str
        Runs as it is where sdcviz is installed and the product is there.
    """
    from .. import __version__

    shown = shown or Shown()
    figure, other = shown.figure, shown.comparison
    subtracts = other is not None and other.way == "difference"
    if figure is None and not subtracts:
        other = None  # the data are those of the first layer
    dots = figure is not None and shown.selection is not None
    lines = [f"# sdcviz {__version__}: {asked.kind} out of {product.name}", "import sdcviz"]
    lines += _imports(asked, figure, other, dots, file)
    lines += ["", f"product = sdcviz.open_product({_address(product)})"]
    beside = other.product if other is not None else asked.other
    if beside is not None:
        lines.append(f"other = sdcviz.open_product({_address(beside)})")
    lines.append(f"{'layer' if asked.kind == 'map' else 'found'} = {asked.call()}")
    words = ["layer" if asked.kind == "map" else "found"]
    if other is not None:
        layer = _of_layer(other.layer(asked.layer(product))).call("other")
        of_spread = f", spread={other.spread!r}" if other.spread else ""
        if subtracts:
            lines.append(f"layer = difference(layer, {layer}{of_spread})")
        else:
            lines.append(f"second = {layer}")
            words += ["second=second", f"compare={other.way!r}"]
            words += [f"split={other.split!r}"] if other.split is not None else []
    if dots:
        lines += _beside_lines(asked, shown.selection, dict(shown.beside))
        words += ["observations=beside.columns", "window=beside.words"]
    if figure is None:
        return _written(lines, asked, subtracts, file)
    options = {k: v for k, v in figure.items() if v is not None and v is not False}
    words += [f"{k}={v!r}" for k, v in options.items()]
    lines.append(f"figure = {DRAWN[asked.kind].__name__}({', '.join(words)})")
    lines.append(f"sdcviz.plots.save_figure(figure, {file or asked.kind + '.png'!r})")
    return "\n".join(lines) + "\n"


def _imports(
    asked: Asked, figure: Any, other: Comparison | None, dots: bool, file: str
) -> list[str]:
    needed = [("sdcviz.products.layers", "Layer")] if asked.kind == "map" else []
    if asked.kind == "ts":
        needed.append(("sdcviz.products.temperature_salinity", "temperature_and_salinity"))
    if other is not None and other.way == "difference":
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
    return [f"from {module} import {name}" for module, name in sorted(needed)]


def _written(lines: list[str], asked: Asked, subtracts: bool, file: str) -> str:
    """Add the lines that write the data."""
    if asked.kind == "map":
        made = "dataset()" if subtracts else 'array().to_dataset(name="value")'
        lines = [*lines, f"found = layer.{made}"]
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


def _beside_lines(asked: Asked, selection: Any, how: dict[str, Any]) -> list[str]:
    """Write how the observations are found."""
    usual = {f.name: f.default for f in fields(asked)}
    skipped = ("kind", "other", "partner")  # they choose no observations
    given = {f: v for f, v in asked.__dict__.items() if f not in skipped and v != usual[f]}
    words = "".join(f", {k}={v!r}" for k, v in given.items())
    options = "".join(f", {k}={v!r}" for k, v in how.items())
    return [
        f"collection = sdcviz.open_collection({str(selection.collection.path)!r})",
        *where_lines(selection.filters),
        f"asked = Asked({asked.kind!r}{words})",
        f"beside = observations_beside(product, asked, selection{options})",
    ]
