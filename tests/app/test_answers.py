"""Questions about recipes, answered by real processes beside this one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analysis_runs import recipe, scatter
from in_process import made_of
from waiting import until

from sdcviz import open_collection
from sdcviz.analyses.first import first_recipe
from sdcviz.analyses.plan import make_plan
from sdcviz.products import open_product
from sdcviz_app import answers
from sdcviz_app.parts.products.panels import PanelsPart
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing

LIMIT = 120


class Asker:
    """Asks, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[answers.Answer] = []
        self.came = threading.Event()

    def ask(self, kind: str, given: dict[str, Any]) -> Asker:
        answers.ask(self, kind, given, self._take)
        return self

    def _take(self, answer: answers.Answer) -> None:
        self.told.append(answer)
        if answer.last or answer.error:
            self.came.set()

    def wait(self) -> answers.Answer:
        assert self.came.wait(LIMIT), "no answer"
        return self.told[-1]


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    yield
    answers.stop()


@pytest.fixture(scope="module")
def content(made_demo: Path) -> dict[str, Any]:
    collection = open_collection(made_demo)
    return first_recipe(collection, "temperature") | {"time": {"months": "annual"}}


def test_a_preview_has_field_and_observations(content):
    seen = Asker().ask("preview", {"recipe": content, "time": 1, "level": 0}).wait().value
    assert seen["field"].shape == (len(seen["lon"]), len(seen["lat"]))
    assert len(seen["dots"][0]) == seen["observations"] > 0
    assert len(seen["times"]) == seen["number"] == 1 and seen["depth"] == 0


def test_a_study_comes_in_parts(content):
    asker = Asker()
    asker.ask("study", {"recipe": content, "level": 0, "lengths": [2e5, 3e5], "epsilons": [1, 3]})
    asker.wait()
    assert [a.last for a in asker.told] == [False, False, False, True]
    assert {a.value["epsilon2"] for a in asker.told} == {1.0, 3.0}


def test_the_newest_question_of_a_kind_is_answered_only(content):
    asker = Asker()
    for level in (0, 10, 20, 50):
        asker.ask("preview", {"recipe": content, "level": level})
    assert asker.wait().value["depth"] == 50
    # The processes are free again: whoever asks next is answered.
    assert Asker().ask("preview", {"recipe": content, "level": 0}).wait().value["depth"] == 0
    assert [a.value["depth"] for a in asker.told] == [50]


def test_what_is_wrong_is_told_in_a_sentence(content):
    far = content | {"domain": {"box": [-150, -60, -140, -50], "resolution": 0.5}}
    told = Asker().ask("preview", {"recipe": far}).wait()
    assert "There is no value of temperature" in told.error


def test_a_killed_process_is_replaced(content):
    first = Asker().ask("preview", {"recipe": content})
    with answers._lock:
        busy = [one for one in answers._processes if one.question is not None]
        for one in busy:
            os.kill(one.process.pid, signal.SIGKILL)
    told = first.wait()
    assert told.error.startswith("The process that computes previews ended") or told.value
    assert Asker().ask("preview", {"recipe": content}).wait().value["observations"] > 0


def test_the_page_shows_the_weights_of_an_analysis(tmp_path):
    plan = make_plan(recipe(error="none"), scatter(200))
    product = made_of(plan, tmp_path / "p.nc")
    viewing = Viewing(session=Session(tab="products", place=(5.0, 41.0)))
    viewing.product = open_product(product)
    part = PanelsPart(viewing=viewing)
    part._take({"do": "view", "to": "made"})

    def table():
        return next((p for p in part.form.state["panels"] if p["key"] == "place-made"), {})

    until(lambda: table().get("rows"), "the weights come", LIMIT)
    assert table()["exact"]
    assert table()["rebuilt"].startswith("Rebuilt ")


def test_stop_ends_the_processes(content):
    Asker().ask("preview", {"recipe": content}).wait()
    with answers._lock:
        processes = [one.process for one in answers._processes]
    answers.stop()
    until(lambda: all(p.poll() is not None for p in processes), "the processes end", LIMIT)
    assert not answers._processes
