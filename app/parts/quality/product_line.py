"""The product that is open, in the profiles of the Quality tab."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.errors import SdcvizError

from ... import shelf
from ...session import Session
from ..background import background

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.products import Product
    from sdcviz.products.station import AtStation
    from sdcviz.products.view import Mask

__all__ = ["ProductLine"]

log = logging.getLogger(__name__)

KEPT = 200
"""Stations whose profiles out of a file that is not prepared are kept."""
AT_ONCE = 6
"""Stations that one thread reads out of such a file before what it found is shown."""


@dataclass(frozen=True)
class _Open:
    """The product, and which of its fields belongs to a parameter."""

    product: Product
    name: str
    fields: dict[str, str]
    mask: Mask


class ProductLine:
    """What the product of the session says at the stations of the open collection.

    Out of prepared copies that takes a millisecond or so; out of a file a thread reads it, and
    the page hears of it when it is there.

    Parameters
    ----------
    session : Session
    changed : callable
        Called with the rows of stations of which there is something else to show; None: all.
    """

    def __init__(self, session: Session, changed: Callable[[list[int] | None], None]) -> None:
        self._session, self._changed = session, changed
        self._data: Collection | None = None
        self._open: _Open | None = None
        self._name = self._wrong = ""
        self._turn = 0
        self._read: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._wanted: list[int] = []
        self._reading = False
        session.param.watch(lambda *_: self.open(self._data), ["product", "field", "mask"])
        session.param.watch(lambda *_: self._changed(None), "product_line")
        session.param.watch(lambda e: e.new == "quality" and self._look_again(), "tab")

    @property
    def told(self) -> dict[str, Any]:
        """What the legend says of the product: its name, whether it is shown, what is wrong."""
        return {"name": self._name, "shown": self._session.product_line, "wrong": self._wrong}

    def open(self, data: Collection | None) -> None:
        """Take the product of the session for the stations of a collection."""
        session = self._session
        known = self._open is not None or self._name
        self._data, self._open, self._name, self._wrong = data, None, "", ""
        self._turn += 1
        self._read.clear()
        self._wanted.clear()
        if data is None or not session.product:
            if known:
                self._changed(None)
            return
        turn, id, field, mask = self._turn, session.product, session.field, session.mask
        background(lambda: _opened(id, data, field, mask), lambda *found: self._take(turn, *found))

    def _take(self, turn: int, found: _Open | None, error: Exception | None) -> None:
        if turn != self._turn:
            return  # another one was asked for meanwhile
        self._open = found
        if found is not None:
            self._name = found.name
        else:
            self._wrong = _sentence(error)
        self._changed(None)

    def _look_again(self) -> None:
        """Open the product anew where its file, or what is known of its axes, is another one."""
        opened, id = self._open, self._session.product
        if opened is None:
            return

        def then(now: Product | None, error: Exception | None) -> None:
            if self._open is opened and now is not opened.product:
                self.open(self._data)

        background(lambda: shelf.open_shared(id), then)

    def at(self, row: int) -> dict[str, Any]:
        """Return what the browser draws at a station, by parameter; soon where it is read first."""
        opened, data = self._open, self._data
        if opened is None or data is None or not self._session.product_line:
            return {}
        if opened.product.prepared:
            return _at(opened, data, row)
        if row in self._read:
            self._read.move_to_end(row)
            return self._read[row]
        if row in self._wanted:
            self._wanted.remove(row)
        self._wanted.append(row)
        self._go_on()
        return self._read.get(row, {})

    def _go_on(self) -> None:
        """Read in a thread what was asked for, the last one first."""
        opened, data, turn = self._open, self._data, self._turn
        if self._reading or not self._wanted or opened is None or data is None:
            return
        rows = self._wanted[: -AT_ONCE - 1 : -1]
        del self._wanted[-len(rows) :]
        self._reading = True

        def read() -> dict[int, dict[str, Any]]:
            opened.product.look_for_copies()
            return {row: _at(opened, data, row) for row in rows}

        def then(found: dict[int, dict[str, Any]] | None, error: Exception | None) -> None:
            self._reading = False
            if turn == self._turn:
                self._wrong = "" if found is not None else _sentence(error)
                self._read.update(found or {row: {} for row in rows})
                while len(self._read) > KEPT:
                    self._read.popitem(last=False)
                self._changed(rows)
            self._go_on()

        background(read, then)


def _opened(id: str, data: Collection, field: str, mask: str) -> _Open:
    """Open a product, and find its fields of what the collection has; for a thread."""
    from sdcviz.products.deviation import deviation_of
    from sdcviz.products.view import mask_of

    product = shelf.open_shared(id)
    # The field in view first, and such with depths before others.
    order = sorted(
        product.variables, key=lambda v: (v != field, not product.grid(v).has_depth)
    )  # fmt: skip
    fields: dict[str, str] = {}
    for variable in order:
        key = product.quantity_of(variable)
        if key in data.keys and product.grid(variable).has_depth:
            fields.setdefault(key, variable)
    for variable in fields.values():
        if product.roles_of(variable).error:
            deviation_of(product, variable)  # from now on it is at hand
    return _Open(product, shelf.find(id).name, fields, mask_of(mask))


def _at(opened: _Open, data: Collection, row: int) -> dict[str, Any]:
    from sdcviz.products.station import at_station

    run = slice(int(data.offsets[row]), int(data.offsets[row + 1]))
    lon, lat = float(data.lon[row]), float(data.lat[row])
    found: dict[str, Any] = {}
    for key, variable in opened.fields.items():
        try:
            said = at_station(
                opened.product, lon, lat, data.time[row], data.depth[run],
                variable=variable, mask=opened.mask,
            )  # fmt: skip
        except SdcvizError as error:
            found[key] = {"why": str(error)}
            continue
        found[key] = _drawn(said) if said.answer == "value" else {"why": said.sentence}
    return found


def _drawn(said: AtStation) -> dict[str, Any]:
    known = np.isfinite(said.value)
    sure = known & np.isfinite(said.off)
    columns = {
        "y": said.depth[known],
        "middle": said.value[known],
        "by": said.depth[sure],
        "low": (said.value - said.off)[sure],
        "high": (said.value + said.off)[sure],
        "samples": said.samples,
    }
    return {"label": said.label} | {k: v.astype(np.float32) for k, v in columns.items()}


def _sentence(error: Exception | None) -> str:
    if isinstance(error, SdcvizError):
        return str(error)
    log.error("The product can't be shown in the Quality tab", exc_info=error)
    return "The product can't be shown; the server's log says why."
