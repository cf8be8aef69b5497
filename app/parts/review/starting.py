"""A new review: with which observations, beside which reference, and its start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdcviz.errors import SdcvizError
from sdcviz.settings import get_settings
from sdcviz.words import counted, number
from sdcviz.workspaces.tokens import local_user

from ... import jobs as following
from ... import library, shelf
from ...links import to_query
from ...viewing import Viewing
from ..background import background
from . import keeping

__all__ = ["Starting"]

_LISTS = {
    "variable": "variables", "parameter": "parameters",
    "reference": "references", "previous": "versions",
}  # fmt: skip
_TEXTS = tuple(_LISTS)
_SWITCHES = ("filtered", "independent")
CLIMATOLOGY = "settings"
"""Stands for the climatology of the settings where a reference is chosen."""


class Starting:
    """What the form of a new review shows, and what it starts.

    Parameters
    ----------
    viewing : Viewing
    changed : callable
        Called when the form has to be shown anew.
    """

    def __init__(self, viewing: Viewing, changed: Callable[[], None]) -> None:
        self.viewing, self._changed = viewing, changed
        self._chosen: dict[str, Any] = {"filtered": True}
        self._offered: dict[str, Any] = {}
        self._said, self._busy, self._asked = "", False, 0

    def choose(self, said: dict[str, Any]) -> None:
        """Take over what the visitor chose."""
        self._chosen |= {k: str(said[k]) for k in _TEXTS if k in said}
        self._chosen |= {k: bool(said[k]) for k in _SWITCHES if k in said}
        self._said = ""
        if {"variable", "filtered"} & said.keys():
            self.renew()
        else:
            self._changed()

    def renew(self) -> None:
        """Find out what can be chosen, in a thread: the collection may be filtered anew."""
        viewing, session = self.viewing, self.viewing.session
        product, data = viewing.product, session.data
        self._asked += 1
        asked = self._asked
        if product is None or data is None:
            self._offered = {}
            self._changed()
            return
        variable = self._chosen.get("variable") or viewing.variable
        filters = session.filters if self._chosen["filtered"] else None

        def work() -> dict[str, Any]:
            return _offers(product, data, variable, filters, session.product)

        def then(found: dict[str, Any] | None, error: Exception | None) -> None:
            if asked != self._asked:
                return
            self._offered = found or {}
            self._said = str(error) if isinstance(error, SdcvizError) else ""
            self._changed()
            if error is not None and not isinstance(error, SdcvizError):
                raise error

        background(work, then)

    @property
    def state(self) -> dict[str, Any]:
        """What the form shows."""
        session, offered = self.viewing.session, self._offered
        data = session.data
        return {
            **offered,
            **{name: self._value(name) for name in _TEXTS},
            "independent": bool(self._chosen.get("independent")) and bool(offered.get("lists")),
            "filtered": self._chosen["filtered"],
            "filters": session.is_filtered,
            "collection": "" if data is None else data.name,
            "busy": self._busy,
            "said": self._said,
        }

    def _value(self, name: str) -> str:
        offered = [key for key, _ in self._offered.get(_LISTS[name], ())]
        chosen = self._chosen.get(name, "")
        if chosen in offered:
            return str(chosen)
        if name == "parameter" and self._offered.get("quantity") in offered:
            return str(self._offered["quantity"])
        if name == "variable" and self.viewing.variable in offered:
            return self.viewing.variable
        return str(offered[0]) if offered else ""

    # ---- starting ------------------------------------------------------------------
    def start(self) -> None:
        """Submit the review; the session then shows how far it is."""
        session, data = self.viewing.session, self.viewing.session.data
        if self._busy or data is None or not session.product or not self._offered:
            return
        state = self.state
        filters = session.filters if state["filtered"] and session.is_filtered else None
        owner, link = session.user or local_user(), to_query(session)
        product, path = session.product, str(data.path)
        title = f"Review of {self.viewing.info.get('title') or self.viewing.info.get('name')}"
        self._busy, self._said = True, ""
        self._changed()

        def work() -> str:
            wanted = {
                "product": _path(product),
                "collection": path,
                "variable": state["variable"],
                "parameter": state["parameter"],
                "independent": state["independent"],
                "reference": _path(state["reference"]),
                "previous": _path(state["previous"]),
            }
            return keeping.submit(wanted, filters, title, owner, link)

        def then(made: str | None, error: Exception | None) -> None:
            self._busy = False
            if made is None:
                self._said = str(error)
                self._changed()
                if not isinstance(error, SdcvizError):
                    raise error or RuntimeError("nothing was submitted")
                return
            session.review = made
            following.wake()

        background(work, then)


def _path(id: str) -> str:
    """Return the path of a product of the shelf; empty for none."""
    if not id:
        return ""
    if id == CLIMATOLOGY:
        return str(get_settings().climatology)
    return shelf.find(id).path


def _offers(product: Any, data: Any, variable: str, filters: Any, own: str) -> dict[str, Any]:
    """Return what can be chosen for a product and a collection."""
    numbers = [p for p in data.parameters if p.kind == "number"]
    quantity = product.quantity_of(variable)
    n = data.n_stations if filters is None else library.select_shared(data, filters).n_stations
    whole = counted(data.n_stations, "station")
    chosen = f"all {whole}" if n == data.n_stations else f"{number(n)} of {whole}"
    others = [[i.id, i.name] for i in shelf.known() if i.id != own and "\n" not in i.path]
    climatology = get_settings().climatology
    usual = [[CLIMATOLOGY, f"{climatology.name} (of this server)"]] if climatology else []
    return {
        "variables": [[v["name"], v["label"] or v["name"]] for v in product.info()["variables"]],
        "parameters": [[p.key, f"{p.label} [{p.unit}]" if p.unit else p.label] for p in numbers],
        "quantity": quantity if quantity in data.keys else "",
        "references": [["", "None"], *usual, *others],
        "versions": [["", "None"], *others],
        "stations": chosen,
        "some": n > 0,
        "lists": "obsid" in product.source.variables,
    }
