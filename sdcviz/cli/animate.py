"""``sdcviz animate``: a product's map along time or depth, as a film."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from . import app, show
from . import figure_options as options
from .extract import Depth, Mask, Variable, When
from .figure_options import text
from .picture import leave_picture
from .product import Addresses, Corrections, opened

__all__: list[str] = []


@app.command()
def animate(
    paths: Addresses,
    out: Annotated[Path, text("File to write: .gif or .mp4.", "FILE")],
    along: Annotated[str, text("What moves: time or depth.", "AXIS")] = "time",
    fps: Annotated[float, text("Frames a second.", "N")] = 4.0,
    variable: Variable = "", depth: Depth = None, time: When = None, mask: Mask = None,
    error: options.ErrorShown = False, derived: options.Derived = "", role: Corrections = None,
    lon: options.Lon = None, lat: options.Lat = None, line: options.Track = None,
    area: options.Where = None, observations: options.Observations = None,
    selection: options.Chosen = None, parameter: options.Parameter = "",
    window: options.Window = "0,0", dots: options.Dots = "observations",
    compare: options.Compare = "", other: options.Other = "",
    other_variable: options.OtherVariable = "", other_time: options.OtherTime = None,
    other_derived: options.OtherDerived = "", other_role: options.OtherRole = None,
    split: options.Split = None, spread: options.Spread = None, range: options.Range = None,
    colormap: options.Colours = "", contours: options.Contours = False,
    title: options.Title = None, caption: options.Caption = None, width: options.Width = None,
    height: options.Height = None, extent: options.Extent = None,
    projection: options.Projection = "auto", masked: options.Masked = "hatched",
    dpi: Annotated[int, text("Pixels an inch.", "N")] = 150,
    progress: Annotated[
        str, text("auto, json (lines on standard error) or none.", "KIND")
    ] = "auto",
    as_json: options.Json = False,
) -> None:  # fmt: skip
    """Write an animation of a product's map along time or depth: GIF or MP4."""
    from ..plots.product_animation import Dots
    from ..plots.product_animation import animate as make
    from ..products.layers import Layer

    product = opened(paths, role)
    layer = Layer(product, variable, depth, time, mask, error, derived)
    look = options.look(range, colormap, contours, title, caption, width, height)
    comparison = options.compared(
        product, compare, other, (other_variable, other_time, other_derived), other_role, split,
        spread,
    )  # fmt: skip
    over = None
    if observations is not None:
        held = options.observed(observations, selection)
        over = Dots(held, dots, options.window_of(window), parameter)
    kind = "json" if as_json and progress == "auto" else progress
    frames = [0]

    with show.progress_bar(kind) as bar:

        def tell(done: int, total: int, text: str) -> None:
            frames[0] = total
            if bar is not None:
                bar(done, total, text)

        written = make(
            layer, along, out, fps=fps, dpi=dpi, progress=tell, dots=over, comparison=comparison,
            extent=options.box(extent), projection=projection, masked=masked, line=line,
            place=None if lon is None or lat is None else (lon, lat), area=area, **look,
        )  # fmt: skip
    if len(paths) == 1 and Path(paths[0]).is_file():
        leave_picture(Path(paths[0]))
    options.tell(written, as_json, kind="animation", product=product.path,
                 variable=product.named(variable), along=along, frames=frames[0])  # fmt: skip
