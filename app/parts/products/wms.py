"""Layers of map servers over the field: offered where the settings name any, off at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import panel as pn
import param

from sdcviz.settings import get_settings

from ...viewing import Viewing
from ..form import Form, script, style

if TYPE_CHECKING:
    from bokeh.models import TileRenderer

    from sdcviz.settings import WmsLayer

__all__ = ["WmsPart", "tile_address"]

_HERE = Path(__file__).parent
TILE = 256


class WmsForm(Form):
    """The switches in the browser; see ``wms.js``."""

    _esm = script(_HERE / "wms.js")
    _style = style(_HERE / "wms.css")


class WmsPart(pn.viewable.Viewer):
    """Switches of the layers that `wms_layers` names.

    A layer joins the map when it is switched on: before, nothing is asked for.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")
    figure = param.Parameter(default=None, doc="Bokeh figure of the map, in EPSG:3857.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        layers = get_settings().wms_layers if self.figure is not None else ()
        self._layers: tuple[WmsLayer, ...] = layers
        self._shown: dict[int, TileRenderer] = {}
        self.form = WmsForm(
            self._take, session=self.viewing.session, visible=bool(layers), name="map-overlays"
        )
        self._show()

    def __panel__(self) -> Any:
        return self.form

    def _take(self, said: dict[str, Any]) -> None:
        number = said.get("layer")
        if isinstance(number, int) and 0 <= number < len(self._layers):
            self.switch(number, bool(said.get("on")))

    def switch(self, number: int, on: bool) -> None:
        """Lay a layer over the map, or take it off."""
        if on and number not in self._shown:
            self._shown[number] = self._add(self._layers[number])
        elif not on and number in self._shown:
            self.figure.renderers.remove(self._shown.pop(number))
        self._show()

    def _add(self, layer: WmsLayer) -> TileRenderer:
        from bokeh.models import BBoxTileSource, TileRenderer

        source = BBoxTileSource(
            url=tile_address(layer), attribution=layer.attribution, use_latlon=False,
            tile_size=TILE,
        )  # fmt: skip
        tiles = TileRenderer(
            tile_source=source, level="underlay", render_parents=True, smoothing=True
        )
        self.figure.renderers.append(tiles)
        return tiles

    def _show(self) -> None:
        self.form.state = {
            "layers": [
                {"title": layer.title, "credit": layer.attribution, "on": n in self._shown}
                for n, layer in enumerate(self._layers)
            ]
        }


def tile_address(layer: WmsLayer) -> str:
    """Return the address of the tiles of a layer, with the places that Bokeh fills."""
    words = {
        "SERVICE": "WMS", "VERSION": "1.1.1", "REQUEST": "GetMap", "LAYERS": layer.layers,
        "STYLES": "", "SRS": "EPSG:3857", "FORMAT": "image/png", "TRANSPARENT": "TRUE",
        "WIDTH": TILE, "HEIGHT": TILE,
    }  # fmt: skip
    base = layer.url.rstrip("?&")
    mark = "&" if "?" in base else "?"
    query = urlencode(words, quote_via=quote)
    return f"{base}{mark}{query}&BBOX={{XMIN}},{{YMIN}},{{XMAX}},{{YMAX}}"
