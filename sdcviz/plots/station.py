"""One station on paper: its parameters with the flags, changed samples ringed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BadRequest
from .colours import FLAGS, GREY
from .figure import LOCK, MM, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..observations import Collection

__all__ = ["MOST_PANELS", "station_figure", "station_pdf", "station_png"]

MOST_PANELS = 4
"""Parameters that stand beside one another in a figure."""

_PLAIN_TEXT: Any = {**STYLE, "text.parse_math": False, "axes.formatter.use_mathtext": False}
"""Names of stations may hold ``$``, which is no formula."""


def station_figure(
    c: Collection,
    row: int,
    keys: Sequence[str],
    changed: Mapping[str, ArrayLike] | None = None,
    *,
    width: float = 170.0,
    height: float = 85.0,
) -> Figure:
    """Draw parameters of one station against depth, or against time where it is a series.

    Parameters
    ----------
    c : Collection
    row : int
        Row of the station.
    keys : sequence of str
        Parameters with numbers; the first `MOST_PANELS` are drawn.
    changed : mapping of str to array_like of int, optional
        Numbers of the samples to ring, by parameter.
    width, height : float
        Size in millimetres.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BadRequest
        No parameter with numbers was given.
    """
    import matplotlib
    from matplotlib.figure import Figure

    shown = [key for key in keys if c.parameter(key).kind == "number"][:MOST_PANELS]
    if not shown:
        raise BadRequest("There is no parameter with numbers to draw for this station.")
    samples = c.where(rows=(row,)).samples(*shown)
    along, title, is_depth = _along(c, row)
    with LOCK, matplotlib.rc_context(_PLAIN_TEXT):
        made = Figure(figsize=(width * MM, height * MM), layout="constrained")
        grid = (1, len(shown)) if is_depth else (len(shown), 1)
        axes = made.subplots(*grid, squeeze=False, sharex=not is_depth, sharey=is_depth).ravel()
        present: set[int] = set()
        for key, ax in zip(shown, axes, strict=True):
            ring = np.asarray((changed or {}).get(key, ()), np.int64)
            values, flags = np.asarray(samples[key], float), samples[f"{key}_flag"]
            present |= set(flags[np.isfinite(values)].tolist())
            _panel(ax, values, along, flags, ring, is_depth)
            info = c.parameter(key)
            name = f"{info.label} [{info.unit}]" if info.unit else info.label
            (ax.set_xlabel if is_depth else ax.set_ylabel)(name)
        if is_depth:
            axes[0].invert_yaxis()
            axes[0].set_ylabel(title)
        else:
            axes[-1].set_xlabel(title)
        made.suptitle(_name(c, row), fontsize=9)
        _legend(made, present)
    return made


def station_png(made: Figure, dpi: int = 100) -> bytes:
    """Give a figure as PNG."""
    import matplotlib

    out = io.BytesIO()
    with LOCK, matplotlib.rc_context(_PLAIN_TEXT):
        made.savefig(out, format="png", dpi=dpi, metadata={"Software": "sdcviz"})
    return out.getvalue()


def station_pdf(made: Iterable[Figure]) -> bytes:
    """Give figures as the pages of a PDF."""
    import matplotlib
    from matplotlib.backends.backend_pdf import PdfPages

    out = io.BytesIO()
    about = {"Creator": "sdcviz", "CreationDate": None}
    with (
        LOCK,
        matplotlib.rc_context(_PLAIN_TEXT),
        PdfPages(out, metadata=about) as pages,
    ):
        for page in made:
            pages.savefig(page)
    return out.getvalue()


def _along(c: Collection, row: int) -> tuple[Any, str, bool]:
    """Give the axis that the samples follow: their time if it goes on, else their depth."""
    a, b = int(c.offsets[row]), int(c.offsets[row + 1])
    if c.sample_time is not None:
        time = c.sample_time[a:b]
        known = time[~np.isnat(time)]
        if len(known) > 1 and known.min() != known.max():
            return time, "Time", False
    return c.depth[a:b].astype(float), "Depth [m]", True


def _panel(ax: Axes, values: Any, along: Any, flags: Any, ring: Any, is_depth: bool) -> None:
    def placed(chosen: Any) -> tuple[Any, Any]:
        return (values[chosen], along[chosen]) if is_depth else (along[chosen], values[chosen])

    ax.plot(*placed(np.isfinite(values)), color=GREY, linewidth=0.5, alpha=0.7, zorder=2)
    for flag in FLAGS:
        chosen = flags == ord(flag.code)
        if chosen.any():
            ax.plot(*placed(chosen), "o", color=flag.colour, markersize=2.6, zorder=3)
    if len(ring):
        ax.plot(*placed(ring), "o", markersize=7, mfc="none", mec="#111111", mew=0.9, zorder=4)


def _legend(made: Figure, present: set[int]) -> None:
    from matplotlib.lines import Line2D

    dot: Any = {"linestyle": "none", "marker": "o"}
    marks = [
        Line2D([], [], color=flag.colour, markersize=4, label=flag.title, **dot)
        for flag in FLAGS
        if ord(flag.code) in present
    ]
    marks.append(
        Line2D(
            [], [], markersize=7, markerfacecolor="none", color="#111111", label="changed", **dot
        )
    )
    made.legend(handles=marks, loc="outside lower center", ncols=6, fontsize=7)


def _name(c: Collection, row: int) -> str:
    from ..observations.tables import station_frame

    told = station_frame(c, np.array([row])).iloc[0]
    time = "" if np.isnat(c.time[row]) else np.datetime_as_string(c.time[row], "m")
    parts = [f"{told['cruise']} / {told['station']}", time.replace("T", " "), told["local_cdi_id"]]
    return " · ".join(" ".join(str(p).split())[:80] for p in parts if str(p).strip(" /"))
