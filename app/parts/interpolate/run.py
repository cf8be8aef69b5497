"""What a run takes, what to look at before, its start, and the card of the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.divand.memory import in_words
from sdcviz.errors import SdcvizError
from sdcviz.words import counted, number
from sdcviz.workspaces.tokens import local_user

from ... import jobs as following
from ...draft import Draft
from ...handing import send_to_quality
from ...links import to_query
from ..background import background
from ..form import Form, script, style
from ..jobs.actions import ACTIONS, act, capabilities, offer, to_products
from ..jobs.notebook import NotebookDoor, start_over_job, start_over_recipe
from ..jobs.view import duration, job_view
from .insight import Insight
from .submitting import submit

__all__ = ["RunPart"]

_HERE = Path(__file__).parent
_JOBS = _HERE.parent / "jobs"


class RunForm(Form):
    """The panel in the browser; see ``run.js``."""

    _esm = script(_JOBS / "card.js", _HERE / "run.js")
    _style = style(_JOBS / "card.css", _HERE / "run.css")


class RunPart(pn.viewable.Viewer):
    """The panel on the right: forecast, checks, engine, start, and the job on the card.

    The session holds the identity of the job, so that a reload finds it again.
    """

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    insight = param.ClassSelector(class_=Insight, instantiate=False, doc="What it takes.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.draft.session
        self._news = following.News()
        self._engine, self._said, self._starting = "", "", False
        self._links: dict[str, str] = {}
        self._door = NotebookDoor(self._tell)
        self.form = RunForm(self._take, session=session)
        self.follower = following.Follower(self._heard, card=session.job)
        self.insight.param.watch(
            lambda *_: self._show(), ["forecast", "trouble", "weighing", "product", "outliers"]
        )
        self.draft.param.watch(lambda *_: self._show(), ["recipe", "errors"])
        session.param.watch(self._other_job, "job")
        self._show()

    def __panel__(self) -> Any:
        return self.form

    def _heard(self, news: following.News) -> None:
        self._news = news
        self._show()

    def _other_job(self, event: Any) -> None:
        self.follower.show(card=event.new, reads="")
        self._show()

    # ---- what the visitor does ---------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        does, id = said.get("do"), str(said.get("id", ""))
        if "engine" in said:
            self._engine = str(said["engine"])
        elif does == "start":
            self._start()
            return
        elif does == "notebook":
            self._notebook(id)
        elif does in ACTIONS:
            act(str(does), id, self._tell)
        elif does == "log":
            self.follower.show(reads=id)
        elif does == "offer":
            self._links[id] = offer(id)
        elif does == "products":
            self._said = to_products(id, self.draft.session)
        elif does == "preview":
            self.insight.product = {}
        elif does == "outliers":
            self._to_quality()
            return
        elif does in ("show", "recipe"):
            self.do(str(does), id)
        self._show()

    def do(self, wanted: str, id: str) -> None:
        """Show the product of a job on the map, or its recipe in the form."""
        if wanted == "show":
            self._show_product(id)
        elif wanted == "recipe":
            self._open_recipe(id)
        self._show()

    def _tell(self, sentence: str) -> None:
        self._said = sentence
        self._show()

    def _show_product(self, id: str) -> None:
        from sdcviz import jobs

        from ..jobs.view import product_of

        job = jobs.get(id)
        path = product_of(job)
        if path is None:
            self._said = "The product is no longer there."
            return
        labels = [str(one.get("label", "")) for one in job.result.get("slices", [])]
        unit = str(job.result.get("unit", ""))
        self.insight.product = {
            "path": str(path),
            "title": job.spec.title,
            "times": labels,
            "unit": unit,
        }

    def _open_recipe(self, id: str) -> None:
        from sdcviz.analyses import shelf

        try:
            recipe = shelf.take_out(id, "runs")
        except SdcvizError as error:
            self._said = str(error)
            return
        self.insight.product = {}
        self.draft.open(recipe)

    # ---- starting ------------------------------------------------------------------
    def _start(self) -> None:
        """Submit the recipe as it stands; the job gets a copy of it."""
        recipe = self.draft.recipe
        if recipe is None or self._starting:
            return
        self._starting, self._said = True, ""
        self._show()
        title, forecast = self._title(), dict(self.insight.forecast)
        engine = self._engine or None
        owner, link = local_user(), to_query(self.draft.session)

        def work() -> str:
            return submit(recipe, title, engine, forecast, owner, link)

        def then(id: str | None, error: Exception | None) -> None:
            self._starting = False
            if error is not None:
                self._tell(str(error))
                if not isinstance(error, SdcvizError):
                    raise error
                return
            self.draft.session.job = str(id)
            following.wake()
            self._show()

        background(work, then)

    def _to_quality(self) -> None:
        """Hand the stations that look like errors to the Quality tab."""
        found, data = self.insight.outliers, self.draft.data
        if not found.get("rows"):
            return
        if data is None or (str(data.id), data.snapshot) != (
            found["collection"],
            found["snapshot"],
        ):
            self._tell("Open the collection of this recipe first; they are stations of it.")
            return
        title = f"Far off those around them, for {self._title()}"
        send_to_quality(
            self.draft.session, found["rows"], title, found["words"], found["parameter"]
        )

    def _title(self) -> str:
        draft = self.draft
        title = draft.get("metadata.title") or draft.saved_as
        if title:
            return str(title)
        key = str(draft.get("parameter", ""))
        known = {p.key: p.label for p in draft.data.parameters} if draft.data is not None else {}
        times = len(self.insight.forecast.get("times", ()))
        return f"{known.get(key, key)}, {counted(times, 'time')}" if times else known.get(key, key)

    def _notebook(self, id: str) -> None:
        """Start a notebook over a job, or over the recipe as it stands."""
        recipe, session = self.draft.recipe, self.draft.session
        if id:
            self._door.open(lambda next: start_over_job(id, next))
        elif recipe is not None:
            title, data = self._title(), session.data
            same = data is not None and str(data.path) == recipe.collection
            filters = session.filters if same else None
            self._door.open(lambda next: start_over_recipe(recipe, title, next, filters=filters))

    # ---- showing ---------------------------------------------------------------------
    def _show(self) -> None:
        from sdcviz import jobs

        insight, draft, news = self.insight, self.draft, self._news
        engines = list(jobs.engines())
        engine = self._engine or jobs.default_engine()
        job = news.find(draft.session.job) if draft.session.job else None
        card = None
        if job is not None:
            slices = news.slices.get(job.id, ())
            card = job_view(job, capabilities(job.spec.engine), slices)
        waiting = bool(draft.session.job) and job is None and not news.error
        self.form.state = {
            "rows": rows(insight.forecast),
            "bars": [[label, n] for label, n in insight.forecast.get("times", ())],
            "checks": list(insight.forecast.get("sentences", ())),
            "outliers": insight.outliers.get("sentence", ""),
            "problem": insight.trouble or insight.forecast.get("problem", ""),
            "weighing": insight.weighing,
            "right": draft.recipe is not None,
            "wrong": len(draft.errors),
            "engines": engines,
            "engine": engine,
            "starting": self._starting,
            "said": self._said or news.error,
            "job": card,
            "waiting": waiting,
            "log": news.log if self.follower.reads else "",
            "reads": self.follower.reads,
            "notebook": self._door.address,
            "link": self._links.get(draft.session.job, ""),
            "product": insight.product.get("title", "") if insight.product else "",
        }


def rows(forecast: dict[str, Any]) -> list[list[str]]:
    """Return a forecast as names and values."""
    if not forecast:
        return []
    lon, lat, depth, times = forecast["grid"]
    told = [
        [
            "Grid",
            f"{number(lon)} x {number(lat)}, {counted(depth, 'level')}, {counted(times, 'time')}",
        ],
        ["Sea points", f"{number(forecast['sea'])} of each time"],
        ["Observations", number(forecast["observations"])],
    ]
    if not forecast["problem"]:
        workers = counted(forecast["workers"], "process", "processes")
        told += [
            ["Time", f"about {duration(forecast['wall'])} with {workers}"],
            ["Processor", f"about {duration(forecast['cpu'])}"],
            ["Memory", in_words(forecast["memory"])],
        ]
    return told
