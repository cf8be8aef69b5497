"""Animations of a product's map along time or depth: GIF, or MP4 where there is ffmpeg.

Frames are drawn one after the other into one figure and written at once, so that a thousand take
no more memory than one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, StorageError
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
        Ends in ``.gif``, or ``.mp4`` where ffmpeg is installed.
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
    if form == "mp4" and shutil.which("ffmpeg") is None:
        raise BadRequest(
            "There is no ffmpeg on this machine, which MP4 needs; write a .gif, or install ffmpeg."
        )
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
        (_write_gif if form == "gif" else _write_mp4)(
            part, _pictures(page, layers, dpi, tell), page, fps
        )
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


# ---- GIF ------------------------------------------------------------------------
def _write_gif(
    path: Path, pictures: Iterator[NDArray[np.uint8]], page: MapPage, fps: float
) -> None:
    """Write the frames with one palette, so that no colour changes its meaning."""
    from PIL import Image
    from PIL.GifImagePlugin import getdata, getheader

    palette = _palette(page)
    hold = max(20, round(1000 / fps / 10) * 10)  # the format counts hundredths of a second
    with open(path, "wb") as file:
        for k, picture in enumerate(pictures):
            frame = Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
            if not k:
                file.writelines(getheader(frame, info={"loop": 0, "duration": hold})[0])
            file.writelines(getdata(frame, duration=hold))
        file.write(b";")


def _palette(page: MapPage) -> Any:
    """Return a palette of the colours of the field, of greys, and of land."""
    from matplotlib.colors import to_rgb
    from PIL import Image

    cmap = page.scale.cmap
    colours = [cmap(v)[:3] for v in np.linspace(0, 1, 196)]
    colours += [tuple(cmap(v)[:3]) for v in (-1.0, 2.0)]
    colours += [(v, v, v) for v in np.linspace(0, 1, 40)]
    colours += [to_rgb(c) for c in (LAND, GROUND, NOTHING, "#6d675c", "#7d8896", "#b3123f")]
    numbers = (np.asarray(colours) * 255).round().astype(np.uint8)
    held = Image.new("P", (1, 1))
    held.putpalette(numbers.ravel().tolist() + [0] * (768 - numbers.size))
    return held


# ---- MP4 ------------------------------------------------------------------------
def _write_mp4(
    path: Path, pictures: Iterator[NDArray[np.uint8]], page: MapPage, fps: float
) -> None:
    """Give the frames to ffmpeg as they come."""
    first = next(pictures)
    height, width = first.shape[:2]
    command = [
        "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{width}x{height}", "-r", f"{fps:g}", "-i", "-", "-an", "-c:v", "libx264",
        "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart", "-f", "mp4", str(path),
    ]  # fmt: skip
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdin is not None and run.stderr is not None
    try:
        with suppress(BrokenPipeError):
            run.stdin.write(first.tobytes())
            for picture in pictures:
                run.stdin.write(picture.tobytes())
        run.stdin.close()
        said = run.stderr.read().decode("utf-8", "replace").strip()
        if run.wait():
            raise StorageError(f"{path.name}: ffmpeg gave up: {said.splitlines()[-1:] or ''}.")
    finally:
        if run.poll() is None:
            run.kill()
            run.wait()
        run.stderr.close()
