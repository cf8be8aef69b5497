"""The figures of a report as SVG that takes its colours from the page: light, dark, print."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from .figure_parts import TEXT, bars, diagram, heatmap, histogram, profile, residual_map

__all__ = ["figures", "map_picture"]

_KEPT = ".figures.json"
_OWN_LOCK = Lock()
_GRID = "#fefdfc"
_STYLE: Any = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "axes.edgecolor": TEXT,
    "axes.labelcolor": TEXT,
    "text.color": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "grid.color": _GRID,
    "grid.linewidth": 0.5,
}
_SIZE = re.compile(r' width="([\d.]+)pt" height="[\d.]+pt"')
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def figures(folder: Path, document: dict[str, Any]) -> dict[str, str]:
    """Draw the figures of a review, or take those that were drawn of this run before."""
    path = folder / _KEPT
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["made"] == document["made"]:
            return dict(kept["figures"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    made = {
        name: svg for name, draw in _all(folder, document).items() if (svg := _draw(name, draw))
    }
    try:
        path.write_text(json.dumps({"made": document["made"], "figures": made}), encoding="utf-8")
    except OSError:
        path.unlink(missing_ok=True)  # only slower next time
    return made


def _lock() -> Any:
    """Return the lock of matplotlib's settings, which are global: that of all figures.

    Where nothing has loaded the plots (and Bokeh with them) there are no other figures.
    """
    plots = sys.modules.get("sdcviz.plots.figure")
    return _OWN_LOCK if plots is None else plots.LOCK


def _draw(name: str, draw: Callable[[], Any]) -> str:
    """Draw one figure; without what it shows, none."""
    import matplotlib

    with _lock(), matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = draw()
        if figure is None:
            return ""
        out = io.StringIO()
        figure.savefig(
            out, format="svg", transparent=True, bbox_inches="tight", pad_inches=0.03,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )  # fmt: skip
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = _NUMBER.sub(lambda m: f"{float(m[0]):.2f}", svg)
    svg = svg.replace(TEXT, "currentColor").replace(_GRID, "var(--line)")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    # Names of parts differ between the figures of one page; most are of no use.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    for quote in ('id="', 'href="#', "url(#"):
        svg = svg.replace(quote, f"{quote}{name}-")
    svg = _SIZE.sub(lambda m: f' style="max-width:{1.55 * float(m[1]):.0f}px"', svg, count=1)
    return re.sub(r"\n\s*", "\n", svg)


def _all(folder: Path, document: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    unit, skill = document["unit"], document["skill"]
    layers, months = skill["layers"], [m[:3] for m in skill["months"]]
    residuals, cover = document["residuals"], document["coverage"]

    def part(name: str) -> np.ndarray:
        out = np.full((len(layers), max(len(months), 1)), np.nan)
        for row in skill["rows"]:
            if row["area"] is None and row["decade"] is None:
                if row["layer"] is not None and row["month"] is not None:
                    value = row[name]
                    out[row["layer"], row["month"]] = np.nan if value is None else value
        return out

    def counts() -> Any:
        return heatmap(
            np.array(cover["by_layer_month"]["counts"], float), layers, months, "Samples", "seq"
        )

    drawn: dict[str, Callable[[], Any]] = {
        "counts": counts,
        "years": lambda: bars(cover["by_year"], "Samples a year"),
        "bias": lambda: heatmap(part("bias"), layers, months, f"Bias ({unit})", "div"),
        "rmse": lambda: heatmap(part("rmse"), layers, months, f"RMSE ({unit})", "seq"),
        "histogram": lambda: histogram(residuals["histogram"], unit),
        "depth": lambda: profile(residuals.get("against_depth"), "Depth (m)", unit, True),
        "time": lambda: profile(residuals.get("against_time"), "Year", unit, False),
        "value": lambda: profile(
            residuals.get("against_value"), f"Observed {document['label'].lower()} ({unit})",
            unit, False,
        ),
        "map": lambda: residual_map(_arrays(folder), unit),
        "taylor": lambda: diagram(document["taylor"], "taylor"),
        "target": lambda: diagram(document["target"], "target"),
    }  # fmt: skip
    for kind in ("reference", "previous"):
        if document[kind] is not None:
            drawn[kind] = _differences(document[kind], layers, document, unit)
    return drawn


def _differences(
    found: dict[str, Any], layers: list[str], document: dict[str, Any], unit: str
) -> Callable[[], Any]:
    steps = document["product"].get("times") or [""]
    out = np.full((len(layers), len(steps)), np.nan)
    for row in found["rows"]:
        if row["layer"] is not None and row["step"] is not None:
            out[row["layer"], row["step"]] = row["rms"]
    short = [s[:3] if s.isalpha() else s for s in steps]
    return lambda: heatmap(out, layers, short, f"RMS of the differences ({unit})", "seq")


def map_picture(folder: Path, unit: str, out: Path) -> None:
    """Write the map of the residuals of a review as a small PNG; nothing without them."""
    import matplotlib

    with _lock(), matplotlib.rc_context(_STYLE):
        figure = residual_map(_arrays(folder), unit)
        if figure is not None:
            figure.savefig(out, dpi=80, format="png", bbox_inches="tight", facecolor="white",
                           metadata={"Software": "sdcviz"})  # fmt: skip


def _arrays(folder: Path) -> Any:
    try:
        with np.load(folder / "residuals.npz") as held:
            return {k: held[k] for k in ("lon", "lat", "residual")}
    except (OSError, ValueError, KeyError):
        return None
