"""What of the Quality tab plays in the browser: the bar, and small pieces beside the plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import param
from panel.custom import JSComponent

from sdcviz.geo.coast import coast, resolution_for
from sdcviz.geo.projection import forward

from ..form import Piece

__all__ = ["DeskBar", "DeskPiece", "coast_of"]

_HERE = Path(__file__).parent
_SCRIPT = "\n".join(
    (_HERE / f"desk_{name}.js").read_text(encoding="utf-8")
    for name in "outbox land light backing plots tip flags picks conductor keys bar pieces".split()
)
_STYLE = (_HERE / "desk.css").read_text(encoding="utf-8")


class DeskBar(Piece):
    """The bar in the browser, and what plays there."""

    form = param.Dict(default={}, doc="What can be chosen: parameters, flags, reasons, tools.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = _SCRIPT
    _style = _STYLE


class DeskPiece(JSComponent):
    """A small piece beside the plots: the head of one, the findings, the caption."""

    kind = param.String(doc="a, b, c, d, map: head of a plot; findings; caption.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = _SCRIPT

    def __init__(self, **params: Any) -> None:
        super().__init__(stylesheets=[_STYLE], **params)


def coast_of(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Return the coast that fits the stations of a collection, in metres of Mercator."""
    known = np.isfinite(lon) & np.isfinite(lat)
    west, south, east, north = -180.0, -80.0, 180.0, 80.0
    if known.any():
        (west, east), (south, north) = (np.quantile(a[known], (0.002, 0.998)) for a in (lon, lat))
    (x0, x1), _ = forward("mercator", [west, east], [south, north])
    return coast("mercator", resolution_for(float(x1 - x0), (west, south, east, north)))
