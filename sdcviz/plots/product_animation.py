"""Animations of a product's map along time or depth: GIF or MP4.

Frames are drawn one after the other into one figure and written at once, so that a thousand take
no more memory than one. What colours they need is found before: all have the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..storage import written_whole
from .animation_files import check_mp4, write_gif, write_mp4
from .animation_shots import Dots, Progress, Shot, frames_of, most_of, range_of, shots_of
from .figure import LOCK, STYLE
from .product_comparison import Comparison
from .product_figure_look import look_of
from .product_figure_map_page import MapPage
from .product_figure_page import GREY, GROUND, LAND, NOTHING
from .product_figure_sheet import MapOptions, Second

if TYPE_CHECKING:
    from ..products.layers import Layer

__all__ = ["Dots", "animate"]

FORMATS = ("gif", "mp4")


def animate(
    layer: Layer,
    along: str,
    path: str | Path,
    *,
    fps: float = 4.0,
    dpi: int = 150,
    progress: Progress | None = None,
    dots: Dots | None = None,
    comparison: Comparison | None = None,
    **options: Any,
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
    dots : Dots, optional
        Observations over each map, of its own depth and time.
    comparison : Comparison, optional
        What each map is compared with.
    **options
        ``extent``, ``projection``, ``masked``, ``line``, ``place``, ``area`` and the look of
        `map_figure`.

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
    form = _form(path, fps)
    shots = shots_of(frames_of(layer, along), comparison)
    tell = progress or (lambda done, total, text: None)
    wish = MapOptions.taken(options)
    look = look_of(options)
    if look.limits is None:
        look = replace(look, limits=range_of(shots, tell))
    first = shots[0]
    if dots is not None:
        dots = dots.taken(layer)
        most = most_of(dots, shots, tell)
        shape = {n: getattr(wish.over, n) for n in ("line", "place", "area")}
        wish = replace(wish, over=replace(dots.over(first.first, most), **shape))
    if first.second is not None and comparison is not None:
        wish = replace(wish, second=Second(first.second, comparison.way, comparison.split))
    page = MapPage(first.shown, wish, look, moving=True)
    with written_whole(path) as part:
        pictures = _pictures(page, shots, dots, dpi, tell)
        if form == "gif":
            write_gif(part, pictures, fps, _colours(page))
        else:
            write_mp4(part, pictures, fps)
    return path


def _form(path: Path, fps: float) -> str:
    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise BadRequest(f"An animation can't be written as {path.name!r}: end it in .gif or .mp4.")
    if not 0.1 <= fps <= 60:
        raise BadRequest(f"{fps:g} frames a second: expected 0.1 to 60.")
    if form == "mp4":
        check_mp4()
    return form


def _pictures(
    page: MapPage, shots: list[Shot], dots: Dots | None, dpi: int, tell: Progress
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
    for k, shot in enumerate(shots):
        if k:
            over = None if dots is None else dots.over(shot.first)
            page.show(shot.shown, shot.second, over)
        with LOCK, matplotlib.rc_context(STYLE):
            canvas.draw()
            picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        height, width = (n - n % 2 for n in picture.shape[:2])  # films have even sizes
        tell(k + 1, len(shots), f"Frame {k + 1} of {len(shots)}")
        yield np.ascontiguousarray(picture[:height, :width])


# ---- colours --------------------------------------------------------------------
def _colours(page: MapPage) -> list[Any]:
    """Return the colours of the fields, greys, and those of land: the palette of a GIF."""
    from matplotlib.colors import to_rgb

    used = list({scale.name: scale.cmap for scale in page.scales}.values())
    each = 196 // len(used)
    colours = [cmap(v)[:3] for cmap in used for v in np.linspace(0, 1, each)]
    colours += [tuple(cmap(v)[:3]) for cmap in used for v in (-1.0, 2.0)]
    colours += [(v, v, v) for v in np.linspace(0, 1, 40)]
    named = (LAND, GROUND, NOTHING, GREY, "#6d675c", "#7d8896", "#b3123f")
    return [*colours, *(to_rgb(c) for c in named)]
