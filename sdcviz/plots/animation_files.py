"""Files of moving pictures: GIF by Pillow, MP4 (H.264) by PyAV, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, StorageError

__all__ = ["Pictures", "can_write_mp4", "check_mp4", "write_gif", "write_mp4"]

Pictures = Iterator[NDArray[np.uint8]]
"""Frames as (height, width, 3), all of one even size."""
_ENCODER = "libx264"
_ITU709 = 1
"""Number of the usual colours of films, in H.264 and everywhere else."""


def can_write_mp4() -> bool:
    """Tell whether what MP4 needs is installed."""
    return find_spec("av") is not None


def check_mp4() -> None:
    """See to it that an MP4 can be written, before anything is drawn.

    Raises
    ------
    BadRequest
        The library is not installed, or was built without the encoder.
    """
    try:
        from av import codecs_available
    except ImportError:
        raise BadRequest(
            "An MP4 needs the library PyAV: pip install 'sdcviz[animation]', or write a .gif."
        ) from None
    if _ENCODER not in codecs_available:
        raise BadRequest(
            "PyAV on this machine was built without H.264 (libx264), which an MP4 needs; "
            "write a .gif, or install PyAV from PyPI."
        )


# ---- GIF ------------------------------------------------------------------------
def write_gif(path: Path, pictures: Pictures, fps: float, colours: Sequence[Any]) -> None:
    """Write the frames with one palette, so that no colour changes its meaning.

    Parameters
    ----------
    colours : sequence of (red, green, blue)
        Shares of 1; up to 256.
    """
    from PIL import Image
    from PIL.GifImagePlugin import getdata, getheader

    numbers = (np.asarray(colours) * 255).round().astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(numbers.ravel().tolist() + [0] * (768 - numbers.size))
    hold = max(20, round(1000 / fps / 10) * 10)  # the format counts hundredths of a second
    with open(path, "wb") as file:
        for k, picture in enumerate(pictures):
            frame = Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
            if not k:
                file.writelines(getheader(frame, info={"loop": 0, "duration": hold})[0])
            file.writelines(getdata(frame, duration=hold))
        file.write(b";")


# ---- MP4 ------------------------------------------------------------------------
def write_mp4(path: Path, pictures: Pictures, fps: float) -> None:
    """Write the frames as H.264 that every browser plays.

    Raises
    ------
    BadRequest
        See `check_mp4`.
    StorageError
        The encoder gave up.
    """
    check_mp4()
    import av

    rate = Fraction(fps).limit_denominator(1000)
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
            first = next(pictures)
            stream: Any = film.add_stream(_ENCODER, rate=rate)
            stream.height, stream.width = first.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "16", "preset": "medium", "tune": "animation"}
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = _ITU709
            context.color_range = 1
            _encode(film, stream, first, pictures, av.VideoFrame.from_ndarray)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise StorageError(f"{path.name}: the film can't be encoded ({error}).") from error


def _encode(
    film: Any, stream: Any, first: NDArray[np.uint8], others: Pictures, frame_of: Callable[..., Any]
) -> None:
    picture: NDArray[np.uint8] | None = first
    while picture is not None:
        frame = frame_of(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=_ITU709, dst_color_range=1
        )
        film.mux(stream.encode(frame))
        picture = next(others, None)
    film.mux(stream.encode(None))
