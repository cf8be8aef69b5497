"""The queue of my jobs: a button with their number in the top bar, and the list behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError

from ... import jobs as following
from ...session import Session
from ..background import background
from ..form import Form, script, style
from .actions import ACTIONS, act, capabilities, offer, to_products
from .notebook import NotebookDoor, start_over_job
from .use import use_of
from .view import job_view

__all__ = ["JobsButton", "QueueDrawer", "QueuePart"]

_HERE = Path(__file__).parent
SHOWN = 30
"""Jobs in the list; the command line lists all."""


class QueueForm(Form):
    """The list in the browser; see ``queue.js``."""

    _esm = script(_HERE / "card.js", _HERE / "queue.js")
    _style = style(_HERE / "card.css", _HERE / "queue.css")


class QueuePart(pn.viewable.Viewer):
    """The list of jobs, each with its card.

    Parameters
    ----------
    show : callable
        Shows a job where it belongs: gets its identity and what is wanted (``show``, ``recipe``).
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    show = param.Callable(doc="Shows a job in the tab where it belongs.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._news = following.News()
        self._links: dict[str, str] = {}
        self._said, self._month = "", ""
        self._door = NotebookDoor(self._tell)
        self.form = QueueForm(self._take, session=self.session)
        self.follower = following.Follower(self._heard)

    def __panel__(self) -> Any:
        return self.form

    def _heard(self, news: following.News) -> None:
        self._news = news
        self._show()

    def _take(self, said: dict[str, Any]) -> None:
        does, id = str(said.get("do", "")), str(said.get("id", ""))
        if does in ACTIONS:
            act(does, id, self._tell)
        elif does == "log":
            self.follower.show(reads=id)
        elif does == "offer":
            self._links[id] = offer(id)
        elif does == "notebook":
            self._door.open(lambda next: start_over_job(id, next))
        elif does == "use":
            self._add_up(str(said.get("month", "")))
            return
        elif does == "products":
            self._tell(to_products(id, self.session))
            return
        elif does in ("show", "recipe") and self.show is not None:
            self.show(id, does)
        self._show()

    def _add_up(self, month: str) -> None:
        """Show what jobs took in a month; empty: this one."""
        self._month = month

        def then(use: dict[str, Any] | None, error: Exception | None) -> None:
            if month != self._month:
                return  # another one was chosen meanwhile
            if error is not None and not isinstance(error, SdcvizError):
                self.form.form = {"error": "It could not be added up."}
                raise error
            self.form.form = use if use is not None else {"error": str(error)}

        background(lambda: use_of(month), then)

    def _tell(self, sentence: str) -> None:
        self._said = sentence
        self._show()

    def _show(self) -> None:
        known: dict[str, Any] = {}
        shown = []
        for job in self._news.jobs[:SHOWN]:
            engine = job.spec.engine
            if engine not in known:
                known[engine] = capabilities(engine)
            shown.append(job_view(job, known[engine]))
        self.form.state = {
            "jobs": shown,
            "more": max(0, len(self._news.jobs) - SHOWN),
            "log": self._news.log if self.follower.reads else "",
            "reads": self.follower.reads,
            "links": self._links,
            "notebook": self._door.address,
            "said": self._said or self._news.error,
        }


class QueueDrawer(pn.viewable.Viewer):
    """The list in a drawer on the right, over whatever tab is in view."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    show = param.Callable(doc="Shows a job in the tab where it belongs.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.queue = QueuePart(session=self.session, show=self._show)
        self._drawer = pmui.Drawer(self.queue, anchor="right", size=430)

    def __panel__(self) -> Any:
        return self._drawer

    def open(self) -> None:
        """Show the list."""
        self._drawer.open = True

    def _show(self, id: str, wanted: str) -> None:
        self._drawer.open = False
        if self.show is not None:
            self.show(id, wanted)


class JobsButton(pn.viewable.Viewer):
    """The button of the top bar: how many jobs are not over yet."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, open_queue: Callable[[], None], **params: Any) -> None:
        super().__init__(**params)
        self._button = pmui.Button(
            label="Jobs", icon="pending_actions", variant="text", size="small", width=90,
            margin=(4, 2), on_click=lambda _: open_queue(),
        )  # fmt: skip
        self.follower = following.Follower(self._heard)

    def __panel__(self) -> Any:
        return self._button

    def _heard(self, news: following.News) -> None:
        count = sum(not job.is_over for job in news.jobs)
        label = f"Jobs ({count})" if count else "Jobs"
        if self._button.label != label:
            self._button.label = label
