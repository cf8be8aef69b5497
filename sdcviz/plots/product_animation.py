"""Animations of a product's map along time or depth: GIF or MP4.

Frames are drawn one after the other into one figure and written at once, so that a thousand take
no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, StorageError
from .animation_files import check_mp4, write_gif, write_mp4
from .figure import LOCK, STYLE
from .product_figure_map import MapPage
from .product_figure_page import GROUND, LAND, NOTHING
from .product_figure_words import look_of

if TYPE_CHECKING:
    from ..products.layers import Layer

__all__ = ["ALONG", "animate", "frames_of"]

ALONG = ("time", "depth")
FORMATS = ("gif", "mp4")
MOST_FRAMES = 2000
Progress = Callable[[int, int, str], None]


def frames_of(layer: Layer, along: str) -> list[Layer]:
    """Return one layer a time step or level.

    Raises
    ------
    BadRequest
        The field has none, or too many.
    """
    if along not in ALONG:
        raise BadRequest(f"Along {along!r}: expected time or depth.")
    grid = layer.grid
    name = layer.label
    if (along == "time" and not grid.has_time) or (along == "depth" and layer.flat):
        raise BadRequest(f"{name} has no {along}s in {layer.product.name}: nothing would move.")
    steps: list[Any] = list(range(len(grid.times))) if along == "time" else grid.depth.tolist()
    if not 2 <= len(steps) <= MOST_FRAMES:
        raise BadRequest(
            f"{layer.product.name} has {len(steps)} {along}s; an animation has 2 to {MOST_FRAMES}."
        )
    return [replace(layer, **{along: s}) for s in steps]


def animate(
    layer: Layer,
    along: str,
    path: str | Path,
    *,
    fps: float = 4.0,
    dpi: int = 150,
    progress: Progress | None = None,
    extent: Any = None,
    projection: str = "auto",
    masked: str = "hatched",
    line: Any = None,
    place: Any = None,
    area: Any = None,
    **look: Any,
) -> Path:
    """Write an animation of a map; all frames have the same range, layout and place.

    Parameters
    ----------
    layer : Layer
        What does not move: product, variable, mask, depth or time.
    along : {"time", "depth"}
    path : str or Path
        Ends in ``.gif`` or ``.mp4``.
    fps : float
        Frames a second.
    dpi : int
        Pixels an inch.
    progress : callable, optional
        Called with ``(done, total, text)``.
    extent, projection, masked, line, place, area, **look
        See `map_figure`.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    BadRequest
        Nothing would move, or the ending is another one.
    StorageError
        The file can't be written.
    """
    path = Path(path)
    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise BadRequest(f"An animation can't be written as {path.name!r}: end it in .gif or .mp4.")
    if not 0.1 <= fps <= 60:
        raise BadRequest(f"{fps:g} frames a second: expected 0.1 to 60.")
    if form == "mp4":
        check_mp4()
    layers = frames_of(layer, along)
    given = look_of(look)
    tell = progress or (lambda done, total, text: None)
    if given.limits is None:
        given = replace(given, limits=_range(layers, tell))
    page = MapPage(
        layers[0], given, {"line": line, "place": place, "area": area},
        extent=extent, projection=projection, masked=masked, moving=True,
    )  # fmt: skip
    part = path.with_name(f".{path.name}.part")
    try:
        pictures = _pictures(page, layers, dpi, tell)
        if form == "gif":
            write_gif(part, pictures, fps, _colours(page))
        else:
            write_mp4(part, pictures, fps)
        part.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path}: the animation can't be written ({error.strerror or error})."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def _range(layers: list[Layer], tell: Progress) -> tuple[float, float]:
    """Return the range of all frames; the one that is proposed where there is one."""
    from ..errors import UnreadableFile
    from ..products.catalogue import preview_range

    first = layers[0]
    if first.kind == "error" and not first.unit:
        return 0.0, 1.0
    if first.kind == "value":
        proposed = preview_range(first.product, first.variable)
        if proposed is not None:
            return proposed
    low, high = np.inf, -np.inf
    for k, layer in enumerate(layers):
        tell(0, len(layers), f"Range of the colours, map {k + 1} of {len(layers)}")
        with suppress(UnreadableFile):
            values = layer.array().values
            known = values[np.isfinite(values)]
            if len(known):
                low, high = min(low, float(known.min())), max(high, float(known.max()))
    if not low <= high:
        raise BadRequest(f"{first.product.name} has no value on any of these maps.")
    if first.diverging:
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _pictures(
    page: MapPage, layers: list[Layer], dpi: int, tell: Progress
) -> Iterator[NDArray[np.uint8]]:
    """Draw the frames one after the other, as (height, width, 3)."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(page.figure)
    with LOCK, matplotlib.rc_context(STYLE):
        page.figure.set_dpi(dpi)
        canvas.draw()
        # What was laid out once stays, whatever the titles are.
        page.figure.set_layout_engine("none")
    for k, layer in enumerate(layers):
        if k:
            page.show(layer)
        with LOCK, matplotlib.rc_context(STYLE):
            canvas.draw()
            picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        height, width = (n - n % 2 for n in picture.shape[:2])  # films have even sizes
        tell(k + 1, len(layers), f"Frame {k + 1} of {len(layers)}")
        yield np.ascontiguousarray(picture[:height, :width])


# ---- colours --------------------------------------------------------------------
def _colours(page: MapPage) -> list[Any]:
    """Return the colours of the field, greys, and those of land: the palette of a GIF."""
    from matplotlib.colors import to_rgb

    cmap = page.scale.cmap
    colours = [cmap(v)[:3] for v in np.linspace(0, 1, 196)]
    colours += [tuple(cmap(v)[:3]) for v in (-1.0, 2.0)]
    colours += [(v, v, v) for v in np.linspace(0, 1, 40)]
    colours += [to_rgb(c) for c in (LAND, GROUND, NOTHING, "#6d675c", "#7d8896", "#b3123f")]
    return colours
