"""The queue that a product asks for: stations by their residuals, computed beside the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError

from ... import library, shelf
from ...desk import Desk
from ...handing import send_to_quality
from ..background import background

if TYPE_CHECKING:
    from sdcviz.qc.ranking import Ranking

__all__ = ["HANDED", "ProductQueue", "in_order"]

HANDED = "handed"
"""Key of the order that another tab, or a product, gave."""
RESIDUALS = "Residuals of"
MOST = 5000
"""Stations that a product asks for."""

_kept = library.Shared(4)


class ProductQueue:
    """Ranks stations by their residuals from the product of the session.

    Parameters
    ----------
    desk : Desk
    changed : callable
        Called when there is something else to be shown.
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self.desk, self._changed = desk, changed
        self.busy, self.said = "", ""
        known = shelf.known()
        self._first = known[0].id if known else ""

    @property
    def orders(self) -> list[list[str]]:
        """What is added to the orders of the queue: nothing while there is no product."""
        handed, name = self.desk.session.handed, self._name()
        if handed is not None and not handed.why.startswith(RESIDUALS):
            return [[HANDED, "As handed over"]]
        return [[HANDED, "Residuals of the product"]] if name else []

    @property
    def _id(self) -> str:
        """The product in view, or what the Products tab would begin with."""
        return str(self.desk.session.product) or self._first

    def _name(self) -> str:
        id = self._id
        if not id:
            return ""
        try:
            return shelf.find(id).name
        except SdcvizError:
            return ""

    def choose(self) -> None:
        """Rank the stations in a thread, and hand the queue over."""
        session, data, name = self.desk.session, self.desk.data, self._name()
        if data is None or self.busy or not name:
            if session.handed is not None:
                self._changed()
            return
        self.busy, self.said = f"Comparing the samples with {name} \N{HORIZONTAL ELLIPSIS}", ""
        id, field = self._id, session.field

        def work() -> Any:
            from sdcviz.analyses.residual_ranking import departures

            product = shelf.open_shared(id)
            variable = field if field in product.variables else ""
            key = (id, variable, id_of(data), product.path)
            return _kept.get(key, lambda: departures(product, data, variable))

        def then(found: Any, error: Exception | None) -> None:
            self.busy = ""
            if error is not None:
                if not isinstance(error, SdcvizError):
                    raise error
                self.said = str(error)
                self._changed()
                return
            rows = found.rows[:MOST]
            session.product = session.product or id  # what it says is drawn beside the samples
            words = [found.words(place) for place in range(len(rows))]
            send_to_quality(session, rows.tolist(), f"{RESIDUALS} {name}", words, found.parameter)

        background(work, then)


def id_of(data: Any) -> tuple[Any, ...]:
    """Name the state of a collection's flags, so that residuals of other flags are others."""
    return data.id, data.snapshot, data.reading, data.flags_version


def in_order(ranking: Ranking, rows: NDArray[np.int64]) -> Ranking:
    """Bring a ranking into the order of some stations."""
    place = {row: k for k, row in enumerate(rows.tolist())}
    order = sorted(range(len(ranking)), key=lambda k: place.get(int(ranking.rows[k]), len(place)))
    return ranking.take(np.array(order, np.int64))
