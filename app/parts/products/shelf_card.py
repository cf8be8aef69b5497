"""The card of the product in view, and the way to others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import number

from ... import product_words as words
from ... import shelf
from ...openable import may_use_paths
from ...viewing import Viewing
from ..form import Form, script, style
from .opening import OpeningPart
from .roles import RolesPart
from .shelf_card_copies import Copies

__all__ = ["ShelfPart"]

_HERE = Path(__file__).parent
CURVED = (
    "Its grid is curvilinear: every point has a longitude and latitude of its own. A place takes "
    "the value of the nearest point; areas are taken out of regular grids only."
)


class ShelfForm(Form):
    """The card in the browser; see ``shelf_card.js``."""

    _esm = script(_HERE / "shelf_card.js")
    _style = style(_HERE / "shelf_card.css")


class ShelfPart(pn.viewable.Viewer):
    """The card of the product in view, and the way to others."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")
    handle = param.String(default="", doc="Public handle of the visitor.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        viewing = self.viewing
        self.form = ShelfForm(self._take, session=viewing.session, name="product-card")
        self.copies = Copies(viewing, self._show)
        self.roles = RolesPart(viewing=viewing)
        self.opening = OpeningPart(viewing=viewing, handle=self.handle, correct=self.roles.open)
        # The dialogs take no room; they stand beside the card, which stays as it is.
        self.main = pn.Column(
            self.form, self.opening, self.roles, margin=0, sizing_mode="stretch_width"
        )
        viewing.param.watch(lambda *_: self._show(), ["product", "error", "opening", "changed"])
        viewing.session.param.watch(lambda *_: self._show(), ["product", "field"])
        self.copies.begin_at_once()
        self._show()

    def __panel__(self) -> Any:
        return self.main

    def _take(self, said: dict[str, Any]) -> None:
        does = said.get("do")
        if does == "shelf":
            self.opening.open("shelf")
        elif does == "open":
            self.opening.open("files")
        elif does == "roles":
            self.roles.open()
        elif does == "again":
            self.viewing.reopen()
        elif does == "prepare":
            self.copies.begin()
        elif does == "cancel":
            self.copies.cancel()

    def _show(self) -> None:
        viewing, product = self.viewing, self.viewing.product
        state: dict[str, Any] = {
            "opening": viewing.opening,
            "error": viewing.error,
            "lost": self.copies.lost,
            "name": _name(viewing.session.product),
            "product": None,
            "paths": may_use_paths(),
        }
        if product is not None:
            try:
                state["product"] = self._card()
                state["copies"] = self.copies.state()
            except SdcvizError as error:
                state |= {"error": str(error), "product": None}
        self.form.state = state

    def _card(self) -> dict[str, Any]:
        product, info = self.viewing.product, self.viewing.info
        field = next((v for v in info["variables"] if v["name"] == self.viewing.variable), None)
        ny, nx = (field or info["variables"][0])["shape"][2:]
        warnings = [*product.warnings, *([CURVED] if info["curvilinear"] else [])]
        file = product.path if may_use_paths() or "://" in product.path else product.name
        rows = [
            ["Area", words.area(info["box"])],
            ["Grid", f"{number(nx)} x {number(ny)} points"],
            ["Period", words.period(info)],
            ["Times", words.times(info)],
            ["Levels", words.levels(info)],
        ]
        return {
            "title": info["title"] or info["name"],
            "name": info["name"] if info["title"] else "",
            "version": info["version"],
            "parameter": words.parameter(field) if field else self.viewing.variable,
            "rows": [row for row in rows if row[1]],
            "warnings": warnings,
            "provenance": [*words.provenance(product.attrs), ["File", file]],
            "abstract": info["abstract"],
            "axes": [[dim, kind] for dim, kind in product.roles.axes.items()],
            "fields": list(product.variables),
        }


def _name(id: str) -> str:
    try:
        return shelf.find(id).name if id else ""
    except SdcvizError:
        return ""
