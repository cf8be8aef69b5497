"""The workbench of reviewers: what stands where, and what the visitor does in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param

from sdcviz.errors import NotFound, SdcvizError
from sdcviz.workspaces.tokens import local_user

from ... import downloads
from ... import jobs as following
from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style
from ..jobs.actions import ACTIONS, act, capabilities
from ..jobs.view import job_view
from . import going, keeping, picking
from .ground import land
from .opinion import opinion_of
from .picks import Picks
from .saying import Saying
from .starting import Starting

__all__ = ["ReviewPart"]

_HERE = Path(__file__).parent
_SCRIPTS = (
    "scales", "heatmap", "residual_map", "charts", "diagrams", "tables", "findings", "blocks",
    "opinion", "start", "workbench",
)  # fmt: skip
FILES = {"json": "review.json", "html": "report.html", "csv": "residuals.csv"}


class ReviewForm(Form):
    """The workbench in the browser; see ``workbench.js``."""

    doc = param.Dict(default={}, doc="The review in view, without what the page never shows.")
    picked = param.Dict(default={}, doc="Residuals of what is picked: map, histogram, tables.")
    ground = param.Dict(default={}, doc="Land of the map.")
    said = param.Dict(default={}, doc="Verdicts, comments, signature, downloads.")

    _esm = script(_HERE.parent / "jobs" / "card.js", *(_HERE / f"{name}.js" for name in _SCRIPTS))
    _style = style(_HERE.parent / "jobs" / "card.css", _HERE / "workbench.css")


class ReviewPart(pn.viewable.Viewer):
    """The reviews of the product in view: the list, a new one, and the one that is open.

    The session holds which review is open, so that a reload finds it again, running or done.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

    _wait: ClassVar[str] = "Looking for the review …"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.viewing.session
        self.form = ReviewForm(self._take, session=session, sizing_mode="stretch_both")
        self.starting = Starting(self.viewing, self._show)
        self.saying = Saying(self.viewing, self._after_saying)
        self._news, self._told, self._listed = following.News(), "", []
        self.picks = Picks(self.viewing, lambda: self._document, self.form)
        self._read_for, self._tab, self._of = "", "", ""
        self.follower = following.Follower(self._heard, card=self._job_of(session.review))
        self.viewing.param.watch(lambda *_: self._other_product(), "product")
        session.param.watch(lambda *_: self._open(), "review")
        session.param.watch(
            lambda *_: self._begin(),
            ["collection", "collection_version", *session.filter_names],
        )
        self._other_product()
        self._open()

    def __panel__(self) -> Any:
        return self.form

    # ---- which review --------------------------------------------------------------
    def _other_product(self) -> None:
        info, before = self.viewing.info, self._of
        self._of = str(info.get("path", "")) or before
        own = self._document.get("product") or {}
        if before and info and self._document and self._of != before:
            same = info.get("product_id") and info["product_id"] == own.get("product_id")
            if not same and str(own.get("path", "")) != self._of:
                self.viewing.session.review = ""  # another product was opened
                return
        self._begin()
        self._list()

    def _begin(self) -> None:
        if not self._document:
            self.starting.renew()

    def _list(self) -> None:
        """Read the earlier reviews of the product."""
        info = self.viewing.info
        if not info:
            self._listed = []
            self._show()
            return
        product, identity = str(info.get("path", "")), str(info.get("product_id", ""))

        def then(found: list[dict[str, Any]] | None, error: Exception | None) -> None:
            self._listed = found or []
            self._show()
            if error is not None:
                raise error

        background(lambda: keeping.listed(product, identity), then)

    @staticmethod
    def _job_of(id: str) -> str:
        try:
            return str(keeping.request_of(id).get("job", "")) if id else ""
        except NotFound:
            return ""

    @property
    def _document(self) -> dict[str, Any]:
        return getattr(self, "_open_document", {})

    def _open(self) -> None:
        """Show the review of the session: its document, or the job that makes it."""
        id = self.viewing.session.review
        self._open_document: dict[str, Any] = {}
        # What is heard of jobs meanwhile must not read it a second time.
        self.picks.brush, self._told, self._read_for = {}, "", id
        self._tab = ""
        self.form.param.update(doc={}, picked={}, said={})
        self.follower.show(card=self._job_of(id), reads="")
        if not id:
            self.starting.renew()
            self._list()
            self._show()
            return
        self._read()

    def _read(self) -> None:
        id = self.viewing.session.review
        self._read_for = id

        def then(found: dict[str, Any] | None, error: Exception | None) -> None:
            if self.viewing.session.review != id:
                return
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            if found is None:
                self._told = "" if self._job_of(id) else str(error)
                self._show()
                return
            self._open_document = found
            self._told = ""
            self._show_document()

        background(lambda: keeping.read(id), then)

    def _show_document(self) -> None:
        document = self._document
        box = picking.box_of(document)
        x, y, starts = land(box)
        self.form.param.update(
            ground={"box": list(box), "x": x, "y": y, "starts": starts},
            doc=picking.for_page(document),
        )
        self._show_opinion()
        self.picks.pick({}, None)
        self._show()

    def _heard(self, news: following.News) -> None:
        before, self._news = self._news, news
        id = self.viewing.session.review
        job = news.find(self.follower.card) if self.follower.card else None
        was = before.find(self.follower.card) if self.follower.card else None
        if job is not None and job.is_over and not self._document:
            if str(job.state) == "done" and (was is None or not was.is_over or not self._read_for):
                self._read()
                self._list()
        elif id and job is None and not self._document and not self._read_for:
            self._read()
        self._show()

    # ---- what the visitor does -----------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        does, session = said.get("do"), self.viewing.session
        if does == "pick":
            self.picks.pick(picking.cleaned(said.get("brush")), picking.view_of(said.get("view")))
        elif does == "find":
            self.picks.find(int(said["number"]))
        elif does == "table":
            if {said.get("rows"), said.get("columns")} <= set(picking.DIMENSIONS):
                self.picks.table(said["rows"], said["columns"])
        elif does == "map":
            going.to_map(self.viewing, said)
        elif does == "tab":
            self._tab = str(said.get("tab", ""))
            self._show()
        elif does == "back":
            session.products_view = "map"
        elif does in ("quality", "queue"):
            self._told = going.to_quality(self.viewing, self._document, said, does == "queue")
            self._show()
        elif does == "open":
            session.review = str(said.get("id", ""))
        elif does == "choose":
            self.starting.choose(said)
        elif does == "review":
            self.starting.start()
        elif does in ACTIONS:
            act(str(does), str(said.get("id", "")), self._tell)
        elif does == "log":
            self.follower.show(reads=str(said.get("id", "")))
            self._show()
        elif does in ("verdict", "comment", "sign", "restore", "remove"):
            self.saying.take(str(does), said, self.picks.brush)

    def _tell(self, sentence: str) -> None:
        self._told = sentence
        self._show()

    def _after_saying(self, sentence: str, brush: dict[str, Any] | None = None) -> None:
        """Show what was said; a comment that was opened brings its brush."""
        if brush is not None:
            self.picks.pick(brush, None)
        if self.viewing.session.review and self._document:
            self._open_document = keeping.read(self.viewing.session.review)
        self._show_opinion(sentence)
        self._list()

    # ---- showing ---------------------------------------------------------------------
    def _show_opinion(self, sentence: str = "") -> None:
        id = self.viewing.session.review
        if not id or not self._document:
            return
        folder = keeping.folder_of(id)
        files = {
            key: downloads.offer(folder / name)
            for key, name in FILES.items()
            if (folder / name).is_file()
        }
        self.form.said = {
            **opinion_of(folder),
            "signature": self._document.get("signature"),
            "name": self.viewing.session.user or local_user(),
            "said": sentence,
            "lost": self.saying.lost == id,
            "files": files,
            "block": self.saying.block,
            "opened": self.saying.opened,
        }

    def _show(self) -> None:
        session, news = self.viewing.session, self._news
        job = news.find(self.follower.card) if self.follower.card else None
        card = job_view(job, capabilities(job.spec.engine)) if job is not None else None
        waits = bool(session.review) and not self._document and job is None and not self._told
        self.form.state = {
            "review": session.review,
            "opened": bool(self._document),
            "reviews": self._listed,
            "start": self.starting.state,
            "product": self.viewing.info.get("title", "") or self.viewing.info.get("name", ""),
            "there": self.viewing.product is not None,
            "job": card if not self._document else None,
            "waits": waits,
            "tab": self._tab,
            "told": self._told or news.error or self.viewing.error,
            "log": news.log if self.follower.reads else "",
            "reads": self.follower.reads,
            "tables": self.form.state.get("tables", {}) if self._document else {},
        }
