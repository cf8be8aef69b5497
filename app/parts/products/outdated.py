"""What changed since the product was made, and the way to a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import counted, number
from sdcviz.workspaces.tokens import local_user

from ... import jobs as following
from ... import outdating, shelf
from ...handing import send_to_quality
from ...links import to_query
from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style
from ..jobs.actions import act

if TYPE_CHECKING:
    from sdcviz.analyses.outdated import Outdated

__all__ = ["OutdatedPart"]

_HERE = Path(__file__).parent
LISTED = 60
"""Changed observations that are listed; the counts tell of all."""
AGAIN = "analysed again"


class OutdatedForm(Form):
    """The banner in the browser; see ``outdated.js``."""

    _esm = script(_HERE / "outdated.js")
    _style = style(_HERE / "outdated.css")


class OutdatedPart(pn.viewable.Viewer):
    """A quiet line over the map of a product whose observations changed since it was made.

    It is looked for in a thread, when the product or flags change, while the tab is in view. The
    job that analyses their surroundings again is found by the product, so that every page and
    every visitor sees the same one, also after a reload.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        viewing, session = self.viewing, self.viewing.session
        self._found: Outdated | None = None
        self._asked: tuple[Any, ...] = ()
        self._comparing = self._listed = self._starting = False
        self._said = ""
        self._closed: set[tuple[str, str]] = set()
        self._news = following.News()
        self.form = OutdatedForm(self._take, session=session, visible=False)
        viewing.param.watch(lambda *_: self._look(), ["product", "changed"])
        names = ["flags_version", "collection", "collection_version", "tab"]
        session.param.watch(lambda *_: self._look(), names)
        self.follower = following.Follower(self._heard)
        self._look()

    def __panel__(self) -> Any:
        return self.form

    # ---- looking -------------------------------------------------------------------
    @property
    def _path(self) -> str:
        product = self.viewing.product
        return "" if product is None else str(product.path)

    def _look(self) -> None:
        """Compare product and collection, unless that was done for this state."""
        session = self.viewing.session
        if session.tab != "products":
            return
        asked = (self._path, session.collection, session.collection_version, session.flags_version)
        if asked == self._asked or self._comparing:
            return
        if asked[:2] != self._asked[:2]:
            self._found, self._listed, self._said = None, False, ""
            self._show()
        self._asked = asked
        path, folder = self._path, session.collection
        if not path or not folder:
            return
        self._comparing = True

        def then(found: Outdated | None, error: Exception | None) -> None:
            self._comparing = False
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            if self._path == path and session.collection == folder:
                self._found = found
                self._show()
            self._look()

        background(lambda: outdating.compared(path, folder), then)

    def _heard(self, news: following.News) -> None:
        self._news = news
        self._show()

    # ---- what the visitor does -----------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        does, found = said.get("do"), self._found
        self._said = ""
        if does == "list":
            self._listed = not self._listed
            if self._listed:
                self._point_out()
        elif does == "close" and found is not None:
            self._closed.add((self._path, found.sentence))
        elif does == "again":
            self._start()
        elif does == "cancel":
            act("cancel", str(said.get("id", "")), self._tell)
        elif does == "quality" and found:
            self._to_quality(found)
            return
        elif does in ("difference", "new"):
            self._open(does == "difference", str(said.get("id", "")))
            return
        elif does == "go" and found:
            self._go(found, int(said.get("place", 0)))
        self._show()

    def _tell(self, sentence: str) -> None:
        self._said = sentence
        self._show()

    def _point_out(self) -> None:
        """Have the map show where they are, at a time and a depth at which there are some."""
        if self._found:
            self._go(self._found, self._middle(self._found))

    def _middle(self, found: Outdated) -> int:
        """Return the one of middle depth at the time that most of them are of."""
        whens = found.time.astype("datetime64[M]").astype(int) % 12
        often = np.flatnonzero(whens == np.bincount(whens).argmax())
        return int(often[np.argsort(found.depth[often], kind="stable")[len(often) // 2]])

    def _go(self, found: Outdated, place: int) -> None:
        """Show the time and the level of one of them."""
        session, k = self.viewing.session, min(max(place, 0), len(found) - 1)
        grid = self.viewing.product.grid(self.viewing.variable)
        when = found.take(np.arange(len(found)) == k).slices
        update: dict[str, Any] = {"products_view": "map"}
        if when:
            update["step"] = self._step(found, when[0])
        if grid.has_depth:
            levels = np.asarray(grid.depth)
            update["level"] = float(levels[np.abs(levels - found.depth[k]).argmin()])
        session.param.update(**update)

    def _step(self, found: Outdated, time: int) -> int:
        """Turn the number of a time in the file into that of the steps, which are in order."""
        order = list(self.viewing.product.grid().order.get("time", ()))
        return order.index(time) if time in order else time

    def _to_quality(self, found: Outdated) -> None:
        rows, n = np.unique(found.station[found.station >= 0], return_counts=True)
        order = np.argsort(-n, kind="stable")
        words = [f"{counted(int(k), 'sample')} changed" for k in n[order]]
        title = f"Changed since {found.record.title} was made"
        key = found.record.recipe.parameter
        send_to_quality(self.viewing.session, rows[order].tolist(), title, words, key)

    def _start(self) -> None:
        found, session = self._found, self.viewing.session
        if not found or self._starting:
            return
        self._starting = True
        path, folder, record = self._path, session.collection, found.record
        title, owner, link = record.title, local_user(), to_query(session)
        bathymetry, workers = record.recipe.domain.bathymetry, outdating.workers_of(found)

        def then(id: str | None, error: Exception | None) -> None:
            self._starting = False
            if error is not None:
                self._tell(str(error))
                if not isinstance(error, SdcvizError):
                    raise error
                return
            following.wake()
            self._show()

        background(
            lambda: outdating.submit_again(path, folder, title, owner, link, bathymetry, workers),
            then,
        )

    def _open(self, difference: bool, id: str) -> None:
        """Show the new product, beside or minus the old one."""
        from ..jobs.view import product_of

        job = self._news.find(id)
        path = None if job is None else product_of(job)
        if path is None:
            self._tell("The new product is no longer there.")
            return
        session, found = self.viewing.session, self._found

        def then(item: Any, error: Exception | None) -> None:
            if error is not None:
                self._tell(str(error))
                if not isinstance(error, SdcvizError):
                    raise error
                return
            update: dict[str, Any] = {"product": item.id}
            if difference:
                if found:
                    self._go(found, self._middle(found))
                update |= {"compare": "difference", "other": session.product, "other_step": -1}
                # A change around some stations has a range of its own, and no observations do.
                update |= {"range_by": "map", "dots": "none"}
                update |= {"other_field": session.field, "other_derived": session.derived}
            session.param.update(**update)

        background(lambda: shelf.add(str(path)), then)

    # ---- showing -------------------------------------------------------------------
    def _job(self) -> Any:
        """Return the job that analyses this product again, unless it belongs to older changes."""
        return outdating.running(self._news.jobs, self._path) if self._path else None

    def _show(self) -> None:
        found = self._found
        if not found or (self._path, found.sentence) in self._closed:
            self.form.visible = False
            return
        job = self._job()
        self.form.state = {
            "sentence": f"Out of date: {counted(len(found), 'observation')} changed "
            "since this product was made",
            "how": ", ".join(f"{number(n)} {name}" for name, n in found.counts.items() if n),
            "times": [found.record.labels[k] for k in found.slices],
            "rows": _rows(found) if self._listed else [],
            "more": max(0, len(found) - LISTED),
            "listed": self._listed,
            "starting": self._starting,
            "job": None if job is None else _card(job),
            "said": self._said or self._news.error,
        }
        self.form.visible = True


def _rows(found: Outdated) -> list[dict[str, Any]]:
    """Return what is listed of the changed observations."""
    from sdcviz.analyses.outdated import KINDS

    some = range(min(len(found), LISTED))
    names = found.sampled.text("station")
    return [
        {
            "what": KINDS[int(found.kind[k])],
            "station": _station(names, int(found.station[k])),
            "flags": f"{found.old[k] or '?'} → {found.flag[k] or '?'}" if found.flag[k] else "",
            "depth": f"{found.depth[k]:.0f} m" if np.isfinite(found.depth[k]) else "",
            "value": f"{found.value[k]:.3f}",
            "time": str(found.time[k])[:10],
            "lon": float(found.lon[k]),
            "lat": float(found.lat[k]),
            "at": float(found.depth[k]) if np.isfinite(found.depth[k]) else None,
        }
        for k in some
    ]


def _station(names: Any, row: int) -> str:
    code = int(names.codes[row]) if row >= 0 else -1
    return names.labels[code] if code >= 0 else (f"station {row}" if row >= 0 else "gone")


def _card(job: Any) -> dict[str, Any]:
    from ..jobs.view import job_view

    view = job_view(job)
    wanted = ("id", "state", "words", "reason", "done", "total", "text", "left", "over", "can")
    result = job.result if isinstance(job.result, dict) else {}
    told = {"outside": int(result.get("left", 0)), "shifted": str(result.get("shifted", ""))}
    return {name: view[name] for name in wanted} | {"product": view["product"], **told}
