"""How the field looks: colours, range, mask, dots."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.plots.colours import colormap

from ...session import DOTS, RANGES
from ...viewing import Viewing
from ..form import Form, script, style

__all__ = ["LookPart"]

_HERE = Path(__file__).parent
MAPS = (
    "thermal", "haline", "oxy", "dense", "algae", "matter", "deep", "turbid", "viridis", "cividis",
    "balance", "delta", "curl",
)  # fmt: skip
_SEEN = (
    "product", "field", "derived", "error_shown", "mask", "field_range", "range_by", "field_map",
    "contours", "dots", "window", "collection", "compare", "difference_range",
)  # fmt: skip


class LookForm(Form):
    """The form in the browser; see ``look.js``."""

    _esm = script(_HERE / "look.js")
    _style = style(_HERE / "look.css")


class LookPart(pn.viewable.Viewer):
    """How the field looks: colours, range, mask, dots."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.viewing.session
        self.form = LookForm(self._take, session=session)
        self.form.form = {"maps": [[name, list(colormap(name, 24))] for name in MAPS]}
        self.viewing.param.watch(lambda *_: self._show(), ["product", "second", "changed"])
        session.param.watch(lambda *_: self._show(), list(_SEEN))
        self._show()

    def __panel__(self) -> Any:
        return self.form

    def _take(self, said: dict[str, Any]) -> None:
        """Write what the visitor chose into the session."""
        session, do = self.viewing.session, said.get("do")
        if do == "map" and said["map"] in ("", *MAPS):
            session.field_map = said["map"]
        elif do == "per" and said["per"] in RANGES:
            usual: dict[str, Any] = {"difference_range": 0.0}
            if not self._subtracted:
                usual = {"field_range": None}
            session.param.update(range_by=said["per"], **usual)
        elif do == "most":
            session.difference_range = _size(said.get("most"))
        elif do == "range":
            session.field_range = _range(said.get("low"), said.get("high"))
        elif do == "mask":
            session.mask = str(said["mask"])
        elif do == "contours":
            session.contours = bool(said["on"])
        elif do == "dots" and said["dots"] in DOTS:
            session.dots = said["dots"]
        elif do == "window":
            metres, days = (_size(said.get(n)) for n in ("metres", "days"))
            session.window = (metres, days)

    @property
    def _subtracted(self) -> bool:
        """Whether the map shows the difference of two layers."""
        viewing = self.viewing
        return viewing.session.compare == "difference" and viewing.second is not None

    def _show(self) -> None:
        self.form.state = self.state()

    def state(self) -> dict[str, Any]:
        """Return what the form shows."""
        viewing, session = self.viewing, self.viewing.session
        if viewing.product is None:
            return {"ready": False}
        try:
            layer = viewing.layer()
            view = layer.view
        except SdcvizError as error:
            return {"ready": False, "sentence": str(error)}
        relative = view.error is not None and view.roles.error_kind == "relative variance"
        return {
            "ready": True,
            "map": session.field_map,
            "usual": layer.colormap,
            "per": session.range_by,
            "range": list(session.field_range) if session.field_range else None,
            "error": session.error_shown,
            "subtracted": self._subtracted,
            "most": session.difference_range,
            "unit": layer.unit,
            "relative": relative,
            "mask": session.mask,
            "copies": sorted(view.roles.masked) or (["L1", "L2"] if relative else []),
            "limit": view.limit,
            "mask_words": view.mask_words if session.mask else "",
            "contours": session.contours,
            "dots": session.dots,
            "has_data": session.data is not None,
            "window": list(session.window),
            "has_depth": view.grid.has_depth,
            "has_time": view.grid.has_time,
            "climatology": view.grid.times.climatology,
            "depth_unit": view.grid.depth_unit,
        }


def _range(low: Any, high: Any) -> tuple[float, float] | None:
    try:
        ends = float(low), float(high)
    except (TypeError, ValueError):
        return None
    return ends if all(map(math.isfinite, ends)) and ends[0] < ends[1] else None


def _size(value: Any) -> float:
    try:
        size = float(value or 0)
    except (TypeError, ValueError):
        return 0.0
    return size if math.isfinite(size) and size > 0 else 0.0
