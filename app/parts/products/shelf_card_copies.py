"""The state of a product's copies and of its file, as the card shows them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import panel as pn

from sdcviz.errors import ProductError, SdcvizError
from sdcviz.words import size

from ... import jobs as following
from ... import preparing, shelf
from ...viewing import Viewing
from ..after import after_load
from ..background import background
from ..jobs.actions import act
from ..jobs.view import job_view

if TYPE_CHECKING:
    from sdcviz.jobs import Job
    from sdcviz.products import Product
    from sdcviz.products.copies import Plan

__all__ = ["Copies"]

SELDOM = 3000
"""Milliseconds between two looks whether the file is still the one that was opened."""
FULL = 1_000_000
"""Bytes of a disk on which nothing can be written any more: not even how a job ended."""
SOON = 0.05
"""Share from which on the time that is left can be told."""
FULL_DISK = (
    "The disk of the copies is full, and they stand still: free some space. Until then all comes "
    "from the file."
)
FROM_FILE = "Until then all comes from the file."


class Copies:
    """Begins what is made by itself, follows what is being made, notices a replaced file.

    Parameters
    ----------
    viewing : Viewing
    then : callable
        Called when there is something new to show.
    """

    def __init__(self, viewing: Viewing, then: Callable[[], None]) -> None:
        self.viewing = viewing
        self._then = then
        self._families: WeakKeyDictionary[Product, str] = WeakKeyDictionary()
        self._jobs: dict[str, Job] = {}
        self._beginning: set[str] = set()
        self._failed: dict[str, str] = {}
        self._used: WeakSet[Product] = WeakSet()
        self._said = ""
        self._is_full = False
        self.lost = ""
        """Why the open product is no longer what its file holds; empty: it is."""
        viewing.param.watch(lambda event: self._opened(event.name), ["product", "second"])
        self.follower = following.Follower(self._heard)
        after_load(self._watch_file)

    def begin_at_once(self) -> None:
        """Take what is open already."""
        self._opened("product")
        self._opened("second")

    # ---- the file ------------------------------------------------------------------
    def _watch_file(self) -> None:
        if _has_page():
            pn.state.add_periodic_callback(self.look_at_file, SELDOM)

    def look_at_file(self) -> None:
        """Notice that the file was replaced, or that somebody has made its copies: in a thread.

        A disk of the network may take its time.
        """
        product = self.viewing.product
        if product is None or self.viewing.session.tab != "products":
            return

        def then(found: tuple[str, bool] | None, error: Exception | None) -> None:
            if self.viewing.product is product and found not in (None, (self.lost, self._is_full)):
                self.lost, self._is_full = found or ("", False)
                self._then()
            self._take_over()

        background(lambda: _look(product), then)

    # ---- copies ------------------------------------------------------------------
    def _opened(self, which: str) -> None:
        """Begin what is made by itself; a job that is at it already is followed."""
        self.lost = self._said = ""
        product = getattr(self.viewing, which)
        if product is None:
            return
        if product.prepared:
            self._used.add(product)
            return
        self._family(product)
        # What was cancelled or failed is begun again by the visitor only.
        with suppress(SdcvizError, OSError):
            if preparing.by_itself(product):
                self._begin(self._id(which), product, asked=False)

    def _id(self, which: str) -> str:
        session = self.viewing.session
        return session.product if which == "product" else session.other or session.product

    def _family(self, product: Product) -> str:
        """Return what the jobs of a product are known by; empty where it can't be told."""
        if product not in self._families:
            try:
                self._families[product] = preparing.family(product)
            except (SdcvizError, OSError):
                return ""
        return self._families[product]

    def _shown(self) -> list[Product]:
        both = (self.viewing.product, self.viewing.second)
        return [product for product in both if product is not None]

    def begin(self) -> None:
        """Prepare the product in view: the visitor asks for it."""
        product, job = self.viewing.product, self._job()
        if product is None:
            return
        if job is not None and str(job.state) in ("paused", "hibernated"):
            act("resume", job.id, self._tell)
            return
        self._begin(self._id("product"), product, asked=True)

    def cancel(self) -> None:
        """Stop its preparation; what is made so far is kept for the next time."""
        job = self._job()
        if job is not None and not job.is_over:
            act("cancel", job.id, self._tell)

    def _tell(self, sentence: str) -> None:
        self._said = sentence
        self._then()

    def _begin(self, id: str, product: Product, asked: bool) -> None:
        family = self._family(product)
        if family in self._beginning:
            return
        self._beginning.add(family)
        self._failed.pop(family, None)
        self._then()

        def then(job: Job | None, error: Exception | None) -> None:
            self._beginning.discard(family)
            if error is not None:
                self._failed[family] = str(error)
            elif job is not None:
                self._jobs[family] = job
                following.wake()
            self._take_over()
            self._then()
            if error is not None and not isinstance(error, SdcvizError):
                raise error

        background(lambda: preparing.begin(shelf.find(id), product, asked), then)

    def _heard(self, news: following.News) -> None:
        """Take what is new of the jobs that make the copies of what is shown."""
        changed = False
        for product in self._shown():
            if product in self._used:
                continue
            family = self._family(product)
            job = preparing.newest(news.jobs, family)
            if job is None or job == self._jobs.get(family):
                continue
            self._jobs[family], changed = job, True
            if str(job.state) == "done":
                background(product.look_for_copies, lambda *_: self._take_over())
        if changed:
            self._then()

    def _take_over(self) -> None:
        """Show what has copies now, whoever has made them."""
        for product in self._shown():
            if product.prepared and product not in self._used:
                self._used.add(product)
                self.viewing.changed += 1  # the card as well

    # ---- showing -------------------------------------------------------------------
    def _job(self) -> Job | None:
        product = self.viewing.product
        return self._jobs.get(self._family(product)) if product is not None else None

    def state(self) -> dict[str, Any]:
        """Return what the card shows: what it is, a sentence, the share, what can be done."""
        from sdcviz.products import plan

        product = self.viewing.product
        if product is None:
            return {}
        if product.prepared:
            return {"state": "there", "words": "Prepared: every map and panel is immediate."}
        try:
            wanted = plan(product)
        except (ProductError, OSError) as error:
            return {"state": "failed", "words": str(error)}
        family, job = self._family(product), self._job()
        takes = f"Copies: {size(wanted.bytes)} of disk"
        if family in self._beginning:
            return {"state": "running", "words": f"{takes}, beginning … {FROM_FILE}"}
        if family in self._failed:
            return {"state": "failed", "words": self._failed[family], "can": "again"}
        if job is not None and not job.is_over:
            told = {"state": "failed", "words": FULL_DISK} if self._is_full else {}
            return _going_on(job, takes) | {"said": self._said} | told
        if job is not None and str(job.state) in ("failed", "lost"):
            return {"state": "failed", "words": job.reason, "can": "again"}
        can = "prepare" if wanted.fits else ""
        return {"state": "not", "words": _offer(product, wanted), "can": can}


def _going_on(job: Job, takes: str) -> dict[str, Any]:
    """Tell of a job that is not over."""
    view = job_view(job)
    share = view["done"] / view["total"] if view["total"] else 0.0
    if str(job.state) == "running":
        left = f", {view['left']}" if view["left"] and share > SOON else ""
        words = f"Preparing. {takes}{left}. {FROM_FILE}"
    elif str(job.state) == "queued":
        words = f"Waiting for its turn among the jobs. {job.reason} {takes}. {FROM_FILE}"
    else:
        words = f"{view['words']}. {job.reason} {takes}. {FROM_FILE}"
    still = str(job.state) in ("paused", "hibernated")
    return {
        "state": "running", "words": " ".join(words.split()), "share": share,
        "can": "resume" if still else "cancel" if "cancel" in view["can"] else "",
    }  # fmt: skip


def _offer(product: Product, wanted: Plan) -> str:
    """Tell what copies would take."""
    remote = getattr(product.source, "remote", False)
    come = "Asked from its server. Copies of all of it" if remote else "Read from its file. Copies"
    if not wanted.fits:
        need, free = size(wanted.missing), size(wanted.free)
        return f"{come} would make it immediate, but take {need} of disk, of which {free} are free."
    words = f"{come} make it immediate: {size(wanted.bytes)} of disk, {size(wanted.free)} free."
    if wanted.missing < wanted.bytes:
        words = f"{words} {size(wanted.bytes - wanted.missing)} of them are made already."
    return words


def _look(product: Product) -> tuple[str, bool]:
    """Look for copies that others have made, at the file, and at the disk of the copies.

    Returns
    -------
    str
        Why the file is another one.
    bool
        Whether the disk is full.
    """
    from sdcviz.products import plan

    with suppress(SdcvizError, OSError):
        if not product.look_for_copies():
            return _lost(product), plan(product).free < FULL
    return _lost(product), False


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
