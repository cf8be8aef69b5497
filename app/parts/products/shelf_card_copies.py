"""The state of a product's copies and of its file, as the card shows them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import panel as pn

from sdcviz.errors import ProductError, SdcvizError
from sdcviz.words import size

from ... import preparing, shelf
from ...viewing import Viewing
from ..after import after_load
from ..background import background

if TYPE_CHECKING:
    from sdcviz.products import Product

__all__ = ["Copies"]

OFTEN = 400
"""Milliseconds between two looks at a preparation."""
SELDOM = 3000
"""Milliseconds between two looks whether the file is still the one that was opened."""


class Copies:
    """Begins what is small by itself, follows what is being made, notices a replaced file.

    Parameters
    ----------
    viewing : Viewing
    then : callable
        Called when there is something new to show.
    """

    def __init__(self, viewing: Viewing, then: Callable[[], None]) -> None:
        self.viewing = viewing
        self._then = then
        self._poll: Any = None
        self._told = -1
        self._followed: dict[str, Product] = {}
        self.lost = ""
        """Why the open product is no longer what its file holds; empty: it is."""
        viewing.param.watch(lambda event: self._opened(event.name), ["product", "second"])
        after_load(self._watch_file)

    def _watch_file(self) -> None:
        if _has_page():
            pn.state.add_periodic_callback(self.look_at_file, SELDOM)

    def begin_at_once(self) -> None:
        """Take what is open already."""
        self._opened("product")
        self._opened("second")

    def look_at_file(self) -> None:
        """Notice that the file was replaced or removed: a look at its size and time, in a thread.

        A disk of the network may take its time.
        """
        product = self.viewing.product
        if product is None or self.viewing.session.tab != "products":
            return

        def then(lost: str | None, error: Exception | None) -> None:
            if self.viewing.product is product and lost is not None and lost != self.lost:
                self.lost = lost
                self._then()

        background(lambda: _lost(product), then)

    # ---- copies ------------------------------------------------------------------
    def _opened(self, which: str) -> None:
        self.lost = ""
        product, session = getattr(self.viewing, which), self.viewing.session
        if product is None or product.prepared:
            return
        id = session.product if which == "product" else session.other or session.product
        with suppress(SdcvizError):
            running = preparing.ask(shelf.find(id))
            mine = running is not None and running.outcome is None
            # What was cancelled or failed is begun again by the visitor only.
            if mine or (running is None and preparing.by_itself(product)):
                self._follow(id, product)

    def begin(self) -> None:
        """Prepare the product in view: the visitor asks for it."""
        if self.viewing.product is not None:
            self._follow(self.viewing.session.product, self.viewing.product)

    def cancel(self) -> None:
        """Stop its preparation."""
        with suppress(SdcvizError):
            running = preparing.ask(shelf.find(self.viewing.session.product))
            if running is not None:
                running.cancel()

    def _follow(self, id: str, product: Product) -> None:
        preparing.begin(shelf.find(id), product)
        self._followed[id] = product
        if self._poll is None and _has_page():
            self._poll = pn.state.add_periodic_callback(self.look, OFTEN)
        self._then()

    def look(self) -> None:
        """Take over copies that are finished, and show how far others are."""
        for id, product in list(self._followed.items()):
            running = None
            with suppress(SdcvizError):
                running = preparing.ask(shelf.find(id))
            if running is not None and running.outcome is None:
                if round(100 * running.share) != self._told:
                    self._told = round(100 * running.share)
                    self._then()
                continue
            del self._followed[id]
            if product.look_for_copies():
                self.viewing.changed += 1
            self._then()
        if not self._followed and self._poll is not None:
            self._poll.stop()
            self._poll = None

    def state(self) -> dict[str, Any]:
        """Return what the card shows: what it is, a sentence, the share, what can be done."""
        from sdcviz.products import plan

        product = self.viewing.product
        if product is None:
            return {}
        if product.prepared:
            return {"state": "there", "words": "Prepared: every map and panel is immediate."}
        running = None
        with suppress(SdcvizError):
            running = preparing.ask(shelf.find(self.viewing.session.product))
        try:
            wanted = plan(product)
        except (ProductError, OSError) as error:
            return {"state": "failed", "words": str(error)}
        takes = f"{size(wanted.bytes)} of disk"
        if running is not None and running.outcome is None:
            return {
                "state": "running", "share": running.share, "can": "cancel" if running.job else "",
                "words": f"Preparing copies, {takes}. Until then all comes from the file.",
            }  # fmt: skip
        outcome = running.outcome if running is not None else None
        if outcome is not None and outcome.error:
            return {"state": "failed", "words": outcome.error, "can": "again"}
        remote = getattr(product.source, "remote", False)
        come = (
            "Asked from its server. Copies of all of it" if remote else "Read from its file. Copies"
        )
        words = f"{come} make it immediate: {takes}, {size(wanted.free)} free."
        if wanted.missing < wanted.bytes:
            words = f"{words} {size(wanted.bytes - wanted.missing)} of them are made already."
        return {"state": "not", "words": words, "can": "prepare"}


def _lost(product: Product) -> str:
    try:
        product.source.check()
    except SdcvizError as error:
        return str(error)
    except OSError as error:
        return f"{product.name}: its file can't be reached ({error.strerror})."
    return ""


def _has_page() -> bool:
    document = pn.state.curdoc
    return document is not None and document.session_context is not None
