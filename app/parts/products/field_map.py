"""The map of a field: what to show goes to the browser, which fetches and paints by itself.

Every move of a slider is painted in the browser out of frames (``app/framing.py``). Here
the figure gets coast and graticule, and what the visitor draws on it goes into the session.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.plots.colours import colormap

from ... import dots
from ...handing import open_in_quality, station_name
from ...viewing import Viewing
from ..form import Form, script, style
from .compare_state import CODES, WATCHED, compared
from .field_map_chart import PROJECTION, ProductChart
from .field_map_twin import Twin
from .field_map_view import PartInView

__all__ = ["FieldMap", "palette"]

_HERE = Path(__file__).parent
_PARTS = ("_frames", "_paint", "_ground", "_tools", "_legend", "_over", "_compare", "")
_LOOK = (
    "product", "field", "derived", "error_shown", "mask", "field_range", "range_by", "field_map",
    "contours", "dots", "window", "place", "line", "area", "dark", "difference_range", *WATCHED,
)  # fmt: skip
_OBSERVED = ("collection", "collection_version", "flags_version", "reading")


_NO_VALUE = {
    "isosurface": "never that value here (or land)",
    "mixed layer": "no mixed layer depth here (or land)",
}
"""What a place without value means."""


def palette(name: str) -> list[str]:
    """Return the colours of a range."""
    return list(colormap(name, CODES))


class MapDriver(Form):
    """What drives the map in the browser; see ``field_map.js``."""

    _esm = script(*(_HERE / f"field_map{part}.js" for part in _PARTS))
    _style = style(_HERE / "field_map.css", _HERE / "field_map_compare.css")


class FieldMap(pn.viewable.Viewer):
    """The map of a field."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.viewing.session
        self.chart = ProductChart(session.dark)
        self.part = PartInView(self.chart, lambda: self._charts, self.viewing)
        self.driver = MapDriver(self._take, session=session, name="product-map-driver")
        pane = pn.pane.Bokeh(
            self.chart.figure, sizing_mode="stretch_both", margin=0, min_height=200
        )
        self._pane = pane
        self._twin: Twin | None = None
        self._maps = pn.Row(pane, sizing_mode="stretch_both", margin=0, styles={"min-height": "0"})
        self.main = pn.Column(
            self._maps,
            self.driver,
            sizing_mode="stretch_both",
            margin=0,
            styles={"min-height": "0"},
        )
        self._tapped: tuple[Any, ...] = (None, "", 0)
        self._connect()
        self.chart.draw_coast(PROJECTION, "110m")
        self._show()

    def __panel__(self) -> Any:
        return self.main

    def _connect(self) -> None:
        session, viewing = self.viewing.session, self.viewing
        viewing.param.watch(lambda *_: self._restart(), ["product", "changed"])
        viewing.param.watch(lambda *_: self._show(), ["error", "second_error", "opening", "second"])
        session.param.watch(lambda *_: self._show(), [*_LOOK, *session.filter_names, *_OBSERVED])
        session.param.watch(lambda e: [c.dress(e.new) for c in self._charts], "dark")

    # ---- what the browser says -----------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        """Write what the visitor drew into the session."""
        session, do = self.viewing.session, said.get("do")
        if do == "place":
            self._tapped = (said.get("row"), session.collection, session.collection_version)
            if said.get("row") is not None:
                session.station = int(said["row"])
            session.place = _corner(said["at"])
        elif do in ("line", "area"):
            corners = tuple(_corner(c) for c in said["corners"])
            if len(corners) >= (2 if do == "line" else 3):
                session.param.update(**{do: corners})
        elif do == "clear":
            session.param.update(place=None, line=None, area=None)
        elif do == "fit":
            self.fit()
        elif do == "swipe":
            session.swipe = min(max(float(said["at"]), 0.0), 1.0)
        elif do == "replaced":
            self.viewing.reopen()
        elif do == "reload":
            self._show()
        elif do == "quality" and (row := self._station()) is not None:
            viewing = self.viewing
            key = viewing.product.quantity_of(viewing.variable) if viewing.product else ""
            open_in_quality(session, row, key)

    # ---- what the browser shows ----------------------------------------------------
    def _restart(self) -> None:
        self.part.restart()
        self._show()

    def _show(self) -> None:
        state = self.state()
        self._set_twin(state.get("compare") == "side")
        self.driver.state = state

    @property
    def _charts(self) -> list[ProductChart]:
        """The maps in view."""
        twin = self._twin is not None and self._twin.pane in self._maps.objects
        return [self.chart, *([self._twin.chart] if twin and self._twin is not None else [])]

    def _set_twin(self, wanted: bool) -> None:
        """Show a second map beside the first, or take it away."""
        if wanted == (len(self._maps.objects) > 1):
            return
        if wanted and self._twin is None:
            dark = self.viewing.session.dark
            self._twin = Twin(self.chart, dark, self.part.moved)
        beside = [self._twin.pane] if wanted and self._twin is not None else []
        self._maps.objects = [self._pane, *beside]
        if beside:
            self._charts[1].dress(self.viewing.session.dark)
            self.part.moved()

    def state(self) -> dict[str, Any]:
        """Return what the browser has to know to fetch and paint by itself."""
        viewing, session = self.viewing, self.viewing.session
        product = viewing.product
        told: dict[str, Any] = {
            "ready": False, "sentence": viewing.error, "opening": viewing.opening
        }  # fmt: skip
        if product is None:
            return told
        from ...framing import version_of

        try:
            layer = viewing.layer()
            grid, view = layer.grid, layer.view
            name = session.field_map or layer.colormap
            told |= {
                "ready": True,
                "query": {
                    "product": session.product,
                    "field": viewing.variable, "v": version_of(product),
                    "derived": session.derived, "error": session.error_shown,
                    **self._range(), **self._mask(),
                },
                "limit": self._limit(),
                "palette": palette(name),
                "title": layer.label,
                "depths": [] if layer.flat else [float(z) for z in grid.depth],
                "field_depths": [float(z) for z in view.grid.depth],
                "depth_unit": grid.depth_unit,
                "steps": max(1, len(grid.times)),
                "warning": grid.times.warning,
                "no_value": _NO_VALUE.get(layer.kind, "no value (land, sea floor or masked)"),
                "per": session.range_by,
                "swipe": session.swipe,
                "difference_range": session.difference_range,
            }  # fmt: skip
        except SdcvizError as error:
            return told | {"sentence": str(error)}
        return told | self._over()

    def _range(self) -> dict[str, Any]:
        session = self.viewing.session
        if session.field_range and not session.error_shown:
            low, high = session.field_range
            return {"low": low, "high": high}
        return {"per": session.range_by}

    def _limit(self) -> float | None:
        """Return the greatest relative error if the browser can mask by it."""
        from ...framing import ERROR_STEP

        mask = self.viewing.layer().view.limit
        exact = mask is not None and abs(mask / ERROR_STEP - round(mask / ERROR_STEP)) < 1e-6
        return mask if exact else None

    def _mask(self) -> dict[str, Any]:
        session = self.viewing.session
        return {} if self._limit() is not None or not session.mask else {"mask": session.mask}

    def _station(self) -> int | None:
        """Return the station that was tapped last, as long as its collection is open."""
        session, (row, *of) = self.viewing.session, self._tapped
        known = session.data is not None and row is not None
        return (
            int(row) if known and of == [session.collection, session.collection_version] else None
        )

    def _over(self) -> dict[str, Any]:
        """Return what lies over the field."""
        session = self.viewing.session
        data = session.data
        return {
            "dots": session.dots if data is not None else "none",
            "key": dots.leave(data, session.filters) if data is not None else "",
            "mask_words": session.mask,
            "window": list(session.window),
            "contours": session.contours,
            "diverging": palette("balance"),
            "count_palette": palette("deep"),
            "station": station_name(data, self._station()),
            "place": _list(session.place), "line": _list(session.line),
            "area": _list(session.area),
            **compared(self.viewing),
        }  # fmt: skip

    def fit(self) -> None:
        """Look at the whole product."""
        self.part.fit()


def _corner(at: Any) -> tuple[float, float]:
    lon, lat = (float(v) for v in at)
    return round((lon + 180) % 360 - 180, 5), round(min(max(lat, -90.0), 90.0), 5)


def _list(shape: Any) -> Any:
    if shape is None:
        return None
    return [list(c) if isinstance(c, tuple) else c for c in shape]
