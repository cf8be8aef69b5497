"""The list of jobs without a browser: what they took, and notebooks over what they made."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_files
import pytest

from sdcviz import jobs
from sdcviz.analyses import read_recipe, shelf
from sdcviz.analyses.recipe_file import make_recipe
from sdcviz.jobs import rows
from sdcviz.jobs.model import Job, JobSpec, State, Usage
from sdcviz.jobs.presence import Bell
from sdcviz.jobs.store import Store
from sdcviz.settings import get_settings
from sdcviz_app import shelf as products
from sdcviz_app.draft import Draft
from sdcviz_app.parts.interpolate.insight import Insight
from sdcviz_app.parts.interpolate.run import RunPart
from sdcviz_app.parts.jobs.queue import QueuePart
from sdcviz_app.parts.jobs.use import use_of
from sdcviz_app.session import Session


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def add(id: str, place: Path, *arguments: str, **more: Any) -> Job:
    spec = JobSpec(id * 32, arguments, place, title="Winter", kind="divand", owner="ann")
    return Store().add(Job(spec, State.DONE, **more))


def account(job: Job, moment: str, monkeypatch: pytest.MonkeyPatch, **used: Any) -> None:
    monkeypatch.setattr(rows, "now", lambda: moment)
    Store().write(lambda db: rows.account(db, job, Usage(**used)))


# ---- use ---------------------------------------------------------------------------------
def test_the_use_of_a_month_is_shown_beside_what_was_expected(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = add("a", place, estimate=Usage(cpu=120, wall=60))
    surprise = add("b", place)
    account(expected, "2026-10-03T08:00:00", monkeypatch, cpu=90, wall=50, written=4_000_000)
    account(surprise, "2026-10-04T08:00:00", monkeypatch, cpu=7200, wall=40, memory_time=7.2e12)
    account(add("c", place), "2026-11-02T08:00:00", monkeypatch, cpu=3)
    shown = use_of("2026-10")
    assert shown["months"] == ["2026-11", "2026-10"]
    told = dict(shown["rows"])
    assert told["Jobs"] == "2" and told["Processor"] == "2.02 hours"
    assert told["Memory"] == "2 GB hours" and told["Written"] == "4.0 MB"
    assert told["Processor of the job that had an estimate"] == "90 s, 2 min expected"
    assert not shown["shares"]  # of one person
    lines = list(csv.DictReader(shown["csv"].splitlines()))
    assert [line["expected_cpu_seconds"] for line in lines] == ["", "120"]
    assert use_of()["month"] == "2026-11" and use_of("2026-08")["rows"] == []


def test_the_list_asks_for_use_when_it_is_opened(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = QueuePart(session=Session())
    assert not part.form.form
    account(add("a", place), "2026-11-02T08:00:00", monkeypatch, cpu=3)
    part._take({"do": "use", "month": "2026-11"})
    assert dict(part.form.form["rows"])["Jobs"] == "1"
    part._take({"do": "use", "month": "a nonsense"})
    assert "is no month" in part.form.form["error"]


# ---- products --------------------------------------------------------------------------
def test_the_product_of_a_job_is_shown_on_its_tab(place: Path) -> None:
    product = made_files.write(place / "winter.nc")
    add("a", place, "divand", "r.yaml", "--out", str(product))
    session = Session(tab="interpolate", step=4, field="Salinity")
    part = QueuePart(session=session)
    part._take({"do": "products", "id": "a" * 32})
    assert (session.tab, session.step, session.field) == ("products", 0, "")
    assert products.find(session.product).path == str(product)
    product.unlink()
    part._take({"do": "products", "id": "a" * 32})
    assert part.form.state["said"] == "The product is no longer there."


# ---- notebooks -------------------------------------------------------------------------
@pytest.fixture
def waiting(place: Path) -> Iterator[None]:
    """Let jobs wait: there is somebody to keep them who does nothing."""
    bell = Bell(Store().url, serves=True)
    yield
    bell.close()


CONTENT = {
    "recipe": 1,
    "parameter": "temperature",
    "domain": {"box": [0, 35, 10, 44], "resolution": 0.5},
    "levels": [0, 10, 20, 50],
    "lengths": {"horizontal": "150 km", "vertical": "20 m"},
    "epsilon2": 1,
}


def given(job: Job, name: str) -> Path:
    words = job.spec.arguments
    return Path(words[words.index(name) + 1])


@pytest.mark.usefixtures("waiting")
def test_a_notebook_opens_over_recipe_and_product_of_a_job(place: Path, made_demo: Path) -> None:
    product = place / "winter.nc"
    product.touch()
    add("a", place, "divand", "r.yaml", "--out", str(product))
    recipe = make_recipe(CONTENT | {"collection": str(made_demo)})
    shelf.keep(recipe, "a" * 32, "runs")
    part = QueuePart(session=Session())
    part._show()
    address = part.form.state["notebook"]
    part._take({"do": "notebook", "id": "a" * 32})
    (job,) = jobs.find(kind="notebook")
    assert address == f"notebooks/{job.id}/" != part.form.state["notebook"]
    assert given(job, "--product") == product and given(job, "--collection") == made_demo
    assert read_recipe(given(job, "--recipe")) == recipe

    product.unlink()
    part._take({"do": "notebook", "id": "a" * 32})
    assert part.form.state["said"] == "The product is no longer there."
    assert len(jobs.find(kind="notebook")) == 1


@pytest.mark.usefixtures("waiting")
def test_a_notebook_opens_over_the_recipe_in_the_form(made_demo: Path) -> None:
    session = Session()
    session.open(str(made_demo))
    session.months = (1, 2)
    draft = Draft(session=session)
    draft.replace(CONTENT | {"collection": str(made_demo)})
    part = RunPart(draft=draft, insight=Insight(draft=draft))
    part._take({"do": "notebook", "id": ""})
    (job,) = jobs.find(kind="notebook")
    assert read_recipe(given(job, "--recipe")) == draft.recipe
    assert re.search(r'"months": \[\s*1,\s*2\s*\]', given(job, "--selection").read_text())
    assert "--product" not in job.spec.arguments
