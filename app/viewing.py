"""What a visitor looks at on the Products tab: one place that its map, panels and forms share.

The session holds what a link restores; here are the open product and what follows from both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param

from sdcviz.errors import SdcvizError

from . import shelf
from .parts.after import after_load
from .parts.background import background
from .session import Session

if TYPE_CHECKING:
    from sdcviz.products import Product
    from sdcviz.products.layers import Layer
    from sdcviz.products.view import Mask

__all__ = ["Viewing"]


class Viewing(param.Parameterized):
    """The product in view, and the second one beside it.

    Parts read `product`, `error`, `changed` and the parameters of the session, and write the
    session. A product is opened in a thread: what answers slowly never stops the page.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    product = param.Parameter(default=None, doc="The open product, or None.")
    second = param.Parameter(default=None, doc="The product of the second layer, or None.")
    error = param.String(default="", doc="Why a product could not be opened; empty: it could.")
    second_error = param.String(default="", doc="The same of the second one.")
    opening = param.Boolean(default=False, doc="Whether one is being opened.")
    seen = param.Parameter(
        default=None, doc="Part of the map in view: west, south, east, north in degrees, or None."
    )
    whole = param.Boolean(default=True, doc="Whether that is the whole product.")
    changed = param.Integer(
        default=0, doc="Raised when values may be other ones: prepared, opened anew, flags changed."
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._info: tuple[Any, dict[str, Any]] = (None, {})
        self._ids: dict[str, str] = {}
        self.session.param.watch(lambda *_: self._open("product"), "product")
        names = ["other", "compare", "product"]  # without another one it is the first
        self.session.param.watch(lambda *_: self._open("second"), names)
        after_load(self._begin)

    def _begin(self) -> None:
        if not self.session.product and (known := shelf.known()):
            # Nobody who asked for no product waits for a server elsewhere.
            self.session.product = next((i for i in known if not i.remote), known[0]).id
            return
        self._open("product")
        self._open("second")

    def _open(self, which: str, anew: bool = False) -> None:
        session = self.session
        id = session.product if which == "product" else session.other or session.product
        wrong = "error" if which == "product" else "second_error"
        if not id or (which == "second" and session.compare == "none"):
            self.param.update(**{which: None, wrong: ""})
            return
        if self._ids.get(which) != id and getattr(self, which) is not None:
            # What is open belongs to another id: nobody may ask for the one by the other.
            self.param.update(**{which: None})
        self._ids[which] = id
        self.opening = True

        def opened(product: Product | None, error: Exception | None) -> None:
            now = session.product if which == "product" else session.other or session.product
            if now != id:
                return  # another one was asked for meanwhile
            if error is not None and not isinstance(error, SdcvizError):
                unknown = "It could not be opened; see the log."
                self.param.update(**{"opening": False, wrong: unknown})
                raise error
            self.param.update(
                **{which: product, wrong: str(error or ""), "opening": False},
                changed=self.changed + 1,
            )

        background(lambda: (shelf.reopen if anew else shelf.open_shared)(id), opened)

    def reopen(self) -> None:
        """Open the product anew: its file was replaced."""
        self._open("product", anew=True)

    # ---- what is seen ------------------------------------------------------------
    @property
    def info(self) -> dict[str, Any]:
        """What `Product.info` tells of the product; empty while there is none."""
        if self.product is None:
            return {}
        if self._info[0] is not self.product:
            self._info = self.product, self.product.info()
        return self._info[1]

    @property
    def variable(self) -> str:
        """The field in view; empty while there is no product."""
        if self.product is None:
            return ""
        known = self.product.variables
        return self.session.field if self.session.field in known else known[0]

    @property
    def step(self) -> int:
        """Time step in view, from 0; one that the product has."""
        n = len(self.product.grid(self.variable).times) if self.product is not None else 0
        return min(max(self.session.step, 0), max(n - 1, 0))

    @property
    def depth(self) -> float | None:
        """Level in view (metres); None where the field has no depths."""
        if self.product is None or not self.product.grid(self.variable).has_depth:
            return None
        levels = self.product.grid(self.variable).depth
        wanted = self.session.level
        return float(levels[0] if wanted is None else levels[abs(levels - wanted).argmin()])

    @property
    def mask(self) -> Mask:
        """The mask as extractions take it."""
        from sdcviz.products.view import mask_of

        return mask_of(self.session.mask)

    @property
    def split(self) -> float | None:
        """Longitude of the line between two layers; None where it is not known."""
        if self.seen is None:
            return None
        west, _, east, _ = self.seen
        return round(west + self.session.swipe * (east - west), 3)

    def layer(self) -> Layer:
        """Return the first layer of the map; there has to be a product."""
        from sdcviz.products.layers import Layer

        session = self.session
        return Layer(
            self.product, self.variable, self.depth, self.step, self.mask,
            error=session.error_shown, derived=session.derived,
        )  # fmt: skip

    def second_layer(self) -> Layer:
        """Return the second layer of the map; there has to be a second product.

        Raises
        ------
        BadRequest
            It has no time that goes with that of the first.
        """
        from sdcviz.products.pairs import beside

        session = self.session
        return beside(
            self.layer(), self.second, session.other_field, session.other_step,
            session.other_derived,
        )  # fmt: skip
