"""What the export dialog finds and draws in threads: ranges of colours, small pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError

from ..background import background
from .exporting_items import Item, range_wish

if TYPE_CHECKING:
    from ...viewing import Viewing

__all__ = ["Ranges", "small", "write_observations"]


class Ranges:
    """The range of the map's colours: it may read many maps.

    Parameters
    ----------
    viewing : Viewing
    changed : callable
        Called when it was found.

    Attributes
    ----------
    found : tuple or None
        Ranges of the map and of the difference, see `range_wish`; None while they are looked for.
    """

    def __init__(self, viewing: Viewing, changed: Callable[[], None]) -> None:
        self._viewing, self._changed = viewing, changed
        self._key: Any = None
        self.found: tuple[Any, Any] | None = None

    def look(self) -> None:
        """Look for the ranges of what is in view, unless they are known."""
        try:
            key, find = range_wish(self._viewing)
        except SdcvizError:
            key, find = "", lambda: (None, None)
        if self._key == key:
            return
        self._key, self.found = key, None

        def came(limits: Any, error: Exception | None) -> None:
            if self._key == key:
                self.found = limits or (None, None)
                self._changed()
            if error is not None and not isinstance(error, SdcvizError):
                raise error

        background(find, came)


def small(made: Any) -> str:
    """Return a figure as a picture for the page."""
    import matplotlib

    from sdcviz.plots.figure import LOCK, STYLE

    held = io.BytesIO()
    with LOCK, matplotlib.rc_context(STYLE):
        made.savefig(held, dpi=110, format="png")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def write_observations(
    product: Any, item: Item, selection: Any, how: dict[str, Any], path: Path
) -> None:
    """Write the observations beside what is exported, as CSV."""
    from sdcviz.products.beside import observations_beside

    beside = observations_beside(product, item.asked, selection, **how)
    beside.write(path, f"{selection.collection.name}, beside {item.title.lower()}")
