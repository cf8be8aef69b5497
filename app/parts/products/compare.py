"""What is made of the field, and the second layer beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from sdcviz.errors import SdcvizError

from ... import shelf
from ...session import COMPARISONS
from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style

if TYPE_CHECKING:
    from sdcviz.products.layers import Layer

__all__ = ["ComparePart"]

_HERE = Path(__file__).parent
_SHOWN = [
    "product", "field", "derived", "error_shown", "step", "level", "mask", "compare", "other",
    "other_field", "other_step", "other_derived", "spread",
]  # fmt: skip


class CompareForm(Form):
    """The form in the browser; see ``compare.js``."""

    _esm = script(_HERE / "compare.js")
    _style = style(_HERE / "compare.css")


class ComparePart(pn.viewable.Viewer):
    """Field, isosurface, mixed layer or formula; and with what, and how, it is compared."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session, viewing = self.viewing.session, self.viewing
        self._problem = ""  # of what is being written
        self._busy, self._again = False, False
        self._found: dict[str, Any] = {}
        self._told: Any = None
        self.form = CompareForm(self._take, session=session, name="product-compare", visible=False)
        session.param.watch(lambda *_: self._refresh(), _SHOWN)
        seen = ["product", "second", "second_error", "changed"]
        viewing.param.watch(lambda *_: self._refresh(), seen)
        self._refresh()

    def __panel__(self) -> Any:
        return self.form

    # ---- what the browser says -----------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        session = self.viewing.session
        if "derived" in said:
            self._make(str(said["derived"]).strip())
        elif said.get("mode") in COMPARISONS:
            session.compare = said["mode"]
        elif "other" in said:
            # Another product has other fields and times.
            session.param.update(other=str(said["other"]), other_field="", other_step=-1)
        elif "other_field" in said:
            session.other_field = str(said["other_field"])
        elif "other_step" in said:
            session.other_step = max(-1, int(said["other_step"]))
        elif "spread" in said:
            session.spread = max(0.0, float(said["spread"] or 0))
        elif said.get("do") == "swap":
            self._swap()
        elif said.get("do") == "list":
            self._show()  # the shelf may have other products now

    def _make(self, text: str) -> None:
        """Show something made of the field, if it can be."""
        viewing, session = self.viewing, self.viewing.session
        if viewing.product is None:
            return
        from sdcviz.products.layers import Layer

        layer = Layer(viewing.product, viewing.variable, viewing.depth, viewing.step, derived=text)

        def checked(_: Any, error: Exception | None) -> None:
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            self._problem = "" if error is None else str(error)
            if error is None:
                shown = session.error_shown and not text
                session.param.update(derived=text, other_derived=text, error_shown=shown)
            self._show()

        background(layer.check, checked)

    def _swap(self) -> None:
        viewing, session = self.viewing, self.viewing.session
        if viewing.second is None:
            return
        try:
            second = viewing.second_layer()
        except SdcvizError:
            return
        # With a field that has one time only, none of the other's times goes by itself.
        alone = len(second.grid.times) < 2
        session.param.update(
            product=session.other or session.product,
            other=session.product if session.other else "",
            field=second.variable, other_field=viewing.variable,
            step=int(second.found[0]),
            other_step=-1 if session.other_step < 0 and not alone else viewing.step,
            derived=session.other_derived, other_derived=session.derived,
        )  # fmt: skip

    # ---- what the browser shows ----------------------------------------------------
    def _refresh(self) -> None:
        self._problem = ""
        self._show()
        self._sum_up()

    def _show(self) -> None:
        self.form.param.update(state=self.state(), visible=self.viewing.product is not None)

    def state(self) -> dict[str, Any]:
        """Return what the form shows."""
        viewing, session = self.viewing, self.viewing.session
        if viewing.product is None:
            return {"ready": False}
        product, name = viewing.product, viewing.variable
        told: dict[str, Any] = {
            "ready": True, "derived": session.derived, "problem": self._problem,
            "unit": product.unit_of(name), "field": name, "deep": product.grid(name).has_depth,
            "steps": len(product.grid(name).times), "names": _names(product, name),
            "salty": _has(product, "salinity"), "warm": _has(product, "temperature"),
            "mode": session.compare, "other": session.other,
            "products": self._products(), "busy": self._busy, **self._found,
        }  # fmt: skip
        if viewing.second is None or session.compare == "none":
            wrong = viewing.second_error if session.compare != "none" else ""
            return told | {"sentence": wrong} if wrong else told
        second = viewing.second
        own = session.other_field if session.other_field in second.variables else ""
        field = own or (name if name in second.variables else second.variables[0])
        times = second.grid(field).times
        return told | {
            "fields": [[n, _title(second, n)] for n in second.variables], "other_field": field,
            "times": [[-1, "the same time"], *[[k, t] for k, t in enumerate(times.labels)]]
            if len(times) > 1 else [],
            "other_step": min(session.other_step, len(times) - 1),
            "spread": session.spread,
        }  # fmt: skip

    def _products(self) -> list[list[str]]:
        own = self.viewing.session.product
        items = [[i.id, i.name] for i in shelf.known() if i.id != own]
        return [["", "this product"], *items]

    # ---- statistics ------------------------------------------------------------------
    def _sum_up(self) -> None:
        """Sum up the difference in a thread; what changes meanwhile is summed up afterwards."""
        viewing = self.viewing
        if viewing.product is None or viewing.second is None or viewing.session.compare == "none":
            self._told = None
            if self._found:
                self._found = {}
                self._show()
            return
        if self._busy:
            self._again = True
            return
        try:
            pair, problem = (viewing.layer(), viewing.second_layer()), ""
            same = pair[0].key == pair[1].key
        except SdcvizError as error:
            problem, same = str(error), False
        if problem or same:
            self._told = None
            self._found = {"sentence": problem or _SAME, "same": same, "sums": None}
            self._show()
            return
        spread = viewing.session.spread or None
        self._busy = True

        def done(found: dict[str, Any] | None, error: Exception | None) -> None:
            self._busy = False
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            self._found = found or {"sentence": str(error), "same": False, "sums": None}
            self._show()
            if self._again:
                self._again = False
                self._sum_up()

        background(lambda: _summed(*pair, spread), done)


_SAME = "Both are the same: choose another product, field or time."


def _summed(first: Layer, second: Layer, spread: float | None) -> dict[str, Any]:
    from sdcviz.products.difference import difference

    found = difference(first, second, spread=spread)
    ask = found.errors.wanting or bool(spread)
    return {
        "sentence": found.sentence, "errors": found.error_sentence, "same": False,
        "sums": found.statistics(),
        "sum_unit": found.unit, "names_of": list(found.names), "ask_spread": ask,
        "spread_unit": first.view.unit, "alike": found.errors.same_observations,
    }  # fmt: skip


def _names(product: Any, variable: str) -> list[list[str]]:
    """List what formulas can name."""
    found = [["a", f"{variable} (this field)"]]
    found += [[n, _title(product, n)] for n in product.variables if n != variable]
    error = product.roles_of(variable).error
    return [*found, [error, "its error"]] if error else found


def _title(product: Any, name: str) -> str:
    long_name = product.source.variables[name].text("long_name")
    return long_name if long_name and long_name != name else name


def _has(product: Any, quantity: str) -> bool:
    keys = (product.quantity_of(n).removesuffix("_unknown_unit") for n in product.variables)
    return quantity in keys
