"""The parts of the Interpolate tab without a browser: form, map, job cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import until

from sdcviz.analyses import read_recipe, shelf, write_recipe
from sdcviz.analyses.recipe_file import parse_recipe
from sdcviz.geo.projection import forward
from sdcviz.jobs.model import Job, JobSpec, Progress, State, Usage, Wish
from sdcviz.observations.aggregate import View
from sdcviz.settings import get_settings
from sdcviz_app import answers
from sdcviz_app.draft import Draft
from sdcviz_app.links import apply_query, to_query
from sdcviz_app.parts.interpolate.domain_map import DomainMap
from sdcviz_app.parts.interpolate.field_chart import on_pixels
from sdcviz_app.parts.interpolate.fields import FIELDS, field_of, values, write
from sdcviz_app.parts.interpolate.form import FormPart, hints
from sdcviz_app.parts.interpolate.insight import Insight
from sdcviz_app.parts.interpolate.recipes import RecipesPart
from sdcviz_app.parts.interpolate.run import RunPart
from sdcviz_app.parts.interpolate.study import StudyPart
from sdcviz_app.parts.jobs.view import duration, job_view
from sdcviz_app.session import Session

LIMIT = 120
CONTENT: dict[str, Any] = {
    "recipe": 1,
    "parameter": "temperature",
    "domain": {"box": [0, 35, 10, 44], "resolution": 0.5},
    "levels": [0, 10, 20, 50],
    "lengths": {"horizontal": "150 km", "vertical": "20 m"},
    "epsilon2": 1,
}


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    yield
    answers.stop()


@pytest.fixture
def session(made_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    session = Session()
    session.open(str(made_demo))
    yield session
    get_settings.cache_clear()


@pytest.fixture
def draft(session: Session) -> Draft:
    draft = Draft(session=session)
    until(lambda: draft.recipe, "the first recipe")
    return draft


# ---- fields ---------------------------------------------------------------------
ENTRIES = [
    ("resolution", "0.25 x 0.2", "domain.resolution", [0.25, 0.2]),
    ("resolution", "0,25", "domain.resolution", 0.25),
    ("box", ["-5", "30", "10,5", "44"], "domain.box", [-5, 30, 10.5, 44]),
    ("depths", "0 5;10, 20", "levels", [0, 5, 10, 20]),
    ("horizontal", "80 km, 90 km, 100 km, 110 km", "lengths.horizontal",
     ["80 km", "90 km", "100 km", "110 km"]),
    ("horizontal", "fit", "lengths.horizontal", "fit"),
    ("years", "1991-2000, 2005", "time.years", [[1991, 2000], [2005, 2005]]),
    ("years", "1991-2020 by 10/5", "time.moving",
     {"first": 1991, "last": 2020, "length": 10, "step": 5}),
    ("months", "seasons", "time.months", "seasons"),
    ("groups", "12 1 2; 6 7 8", "time.months", [[12, 1, 2], [6, 7, 8]]),
    ("transformation", "log", "transformation", {"method": "log"}),
    ("edmo", "9001, 486", "metadata.edmo", [9001, 486]),
    ("workers", "2", "run.workers", 2),
    ("title", "  A title ", "metadata.title", "A title"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "entered", "key", "kept"), ENTRIES)
def test_an_entry_becomes_a_key_and_is_shown_again(name, entered, key, kept):
    from sdcviz_app.parts.interpolate.fields import get

    content = write(CONTENT, name, entered)
    assert get(content, key) == kept
    assert write(content, name, values(content)[name]) == content


@pytest.mark.parametrize("name", FIELDS)
def test_an_emptied_field_never_stops_the_form(name):
    content = write(CONTENT, name, [""] * 4 if name == "box" else "" if name != "flags" else [])
    assert set(values(content)) == set(FIELDS)


def test_a_set_of_levels_becomes_an_own_list_and_back():
    content = write(CONTENT, "level_kind", "woa33")
    assert content["levels"] == {"set": "woa33", "bottom": 50}
    assert values(content)["depths"] == "0, 10, 20, 30, 50"
    content = write(write(content, "bottom", "100"), "level_kind", "own")
    assert content["levels"] == [0, 10, 20, 30, 50, 75, 100]


def test_lengths_follow_the_levels():
    given = {"horizontal": ["100 km", "120 km", "140 km", "200 km"],
             "vertical": ["20 m", "20 m", "60 m", "60 m"]}  # fmt: skip
    content = write(CONTENT | {"lengths": given}, "depths", "0, 15, 50")
    assert content["lengths"]["horizontal"] == ["100 km", "130 km", "200 km"]
    assert content["lengths"]["vertical"] == ["30 m", "70 m", "70 m"]
    wrong = write(content, "depths", "0, x")  # is told of; the lengths wait
    assert wrong["lengths"] == content["lengths"]


def test_every_complaint_has_a_field():
    assert field_of("domain.box.1") == field_of("domain.box") == "box"
    assert field_of("lengths.horizontal") == "horizontal"
    assert field_of("metadata.edmo.0") == "edmo"
    assert field_of("levels") == "depths" and field_of("lengths") == "horizontal"
    assert field_of("seed") == ""


# ---- draft and form ----------------------------------------------------------------
def test_a_draft_begins_with_what_suits_the_collection(draft):
    assert draft.recipe.parameter == draft.session.parameter == "temperature"
    assert draft.session.recipe.startswith("~") and not draft.saved_as
    assert hints(draft)["resolution"].endswith("in the middle.")
    assert "The collection has 1991 to 20" in hints(draft)["years"]


def test_a_wrong_entry_is_told_at_its_field_and_kept(draft):
    form = FormPart(draft=draft)
    before = draft.session.recipe
    form._take({"set": "horizontal", "value": "80"})
    assert draft.recipe is None
    assert draft.errors == {"horizontal": "80 has no unit; write '80 m' or '80 km'."}
    assert form.form.state["values"]["horizontal"] == "80"
    assert draft.session.recipe == before
    form._take({"set": "horizontal", "value": "80 km"})
    assert draft.recipe is not None and not draft.errors


def test_a_length_under_two_grid_steps_is_warned_of(draft):
    draft.set("horizontal", "5 km")
    assert hints(draft)["horizontal"].startswith("! Only")
    draft.set("vertical", "1 m")
    assert hints(draft)["vertical"].startswith("! Only")


def test_a_link_opens_the_draft_again(draft):
    draft.set("epsilon2", "0.7")
    draft.session.param.update(tab="interpolate", shown_time=3, shown_level=50, preview="error")
    other = Session()
    other.open(draft.session.collection)
    assert not apply_query(other, to_query(draft.session))
    assert (other.shown_time, other.shown_level, other.preview) == (3, 50, "error")
    again = Draft(session=other)
    assert again.recipe.epsilon2 == 0.7
    again.set("epsilon2", "0.9")  # a copy: the first visitor's stays
    assert other.recipe != draft.session.recipe
    assert shelf.take_out(draft.session.recipe[1:], "drafts").epsilon2 == 0.7


def test_a_recipe_that_is_gone_is_told(session):
    session.recipe = "Never saved"
    draft = Draft(session=session)
    assert "no recipe “Never saved”" in draft.said
    assert until(lambda: draft.recipe, "the first recipe")


def test_save_change_compare_open(draft):
    part = RecipesPart(draft=draft, insight=Insight(draft=draft))
    part.open("save")
    part._take({"do": "save", "name": "bad/name"})
    assert part.form.state["wrong"] and "can't be the name" in part.form.state["said"]
    part._take({"do": "save", "name": "Mine"})
    assert draft.saved_as == "Mine" and not draft.changed and draft.session.recipe == "Mine"
    draft.set("epsilon2", "5")
    assert draft.changed and draft.session.recipe.startswith("~")
    part._take({"do": "compare", "name": "Mine"})
    assert part.form.state["differences"] == [["epsilon2", "1", "5"]]
    part._take({"do": "open", "name": "Mine"})
    assert draft.recipe.epsilon2 == 1 and not draft.changed
    draft.set("epsilon2", "6")
    part.open("save")
    part._take({"do": "save", "name": "Other"})
    part._take({"do": "save", "name": "Mine"})
    assert part.form.state["exists"] and shelf.take_out("Mine").epsilon2 == 1
    part._take({"do": "save", "name": "Mine", "sure": True})
    assert shelf.take_out("Mine").epsilon2 == 6
    part._take({"do": "delete", "name": "Mine"})  # what is in the form stays, and its link
    assert not draft.saved_as and draft.changed and draft.session.recipe.startswith("~")
    assert draft.recipe.epsilon2 == 6


def test_text_is_taken_into_the_form_or_told_with_its_line(draft):
    part = RecipesPart(draft=draft, insight=Insight(draft=draft))
    part.open("text")
    text = part.form.state["text"]
    part._take({"do": "text", "text": text.replace("epsilon2: 1.0", "epsilon2: none")})
    assert part.form.state["wrong"] and "line" in part.form.state["said"]
    assert "epsilon2: none" in part.form.state["text"]
    part._take({"do": "text", "text": text.replace("epsilon2: 1.0", "epsilon2: 2")})
    assert draft.recipe.epsilon2 == 2
    assert parse_recipe(write_recipe(draft.recipe)) == draft.recipe


@pytest.mark.parametrize(
    ("name", "entered", "sentence"),
    [
        ("resolution", "-1", "Grid step is -1; it must be greater than 0."),
        ("resolution", "wide", 'Grid step is "wide"; give numbers.'),
        ("epsilon2", "nan", "Noise (epsilon²) is NaN; give a finite number."),
        ("depths", "10", "With one level or none, say from where to where observations count."),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_the_form(draft, name, entered, sentence):
    draft.set(name, entered)
    assert draft.errors[name] == sentence


def test_a_grid_that_fits_nowhere_is_told_at_its_step(draft):
    draft.set("resolution", "0.0001")
    assert hints(draft)["resolution"].startswith("! The grid has ")


def test_keys_that_the_form_does_not_show_stay(draft):
    draft.open_text(write_recipe(draft.recipe) + "seed: 7\nthresholds: {L9: 0.9}\n")
    draft.set("epsilon2", "3")
    assert draft.recipe.seed == 7 and draft.recipe.thresholds == {"L9": 0.9}


# ---- preview, forecast, map -----------------------------------------------------------
def test_preview_and_forecast_follow_the_recipe(draft):
    insight = Insight(draft=draft)
    until(lambda: insight.seen and insight.forecast, "preview and forecast")
    assert insight.seen["times"][0] == "January" and len(insight.forecast["times"]) == 12
    counts = dict(insight.forecast["times"])
    full, bare = max(counts, key=lambda m: counts[m]), min(counts, key=lambda m: counts[m])
    numbers = {label: k for k, label in enumerate(counts, 1)}
    draft.session.param.update(shown_time=numbers[full], shown_level=30)
    until(lambda: insight.seen.get("depth") == 30 and insight.seen["time"] == full, full)
    assert counts[bare] == 0
    told = until(lambda: insight.outliers, "a look at what is far off")
    assert told["collection"] == draft.data.id and len(told["rows"]) == len(told["words"])
    draft.session.shown_time = numbers[bare]
    until(lambda: insight.error, "a month without observations")
    assert insight.error.startswith(f"There is no observation in {bare}")
    assert len(insight.times) == 12 and not insight.seen
    draft.set("months", "annual")
    until(lambda: len(insight.forecast.get("times", ())) == 1, "one time")
    draft.set("box", ["-150", "-60", "-140", "-50"])
    until(lambda: "no value" in insight.error, "a sentence")
    assert "no value" in until(lambda: insight.trouble, "trouble")


def test_a_drawn_box_becomes_the_domain(draft):
    part = DomainMap(draft=draft, insight=Insight(draft=draft))
    x, y = forward("mercator", np.array([1.0, 9.0]), np.array([36.0, 43.0]))
    part._take((float(x[0]), float(x[1]), float(y[0]), float(y[1])))
    assert draft.get("domain.box") == pytest.approx([1, 36, 9, 43], abs=0.1)
    frame = part.chart.frame
    assert (frame.left, frame.top) == pytest.approx((x[0], y[1]), rel=0.01)
    draft.set("box", ["nonsense", "36", "9", "43"])  # the frame stays where it was
    assert frame.visible and frame.right == pytest.approx(x[1], rel=0.01)


def test_a_field_on_pixels_is_interpolated_and_ends_at_the_coast():
    lon, lat = np.linspace(0, 10, 11), np.linspace(35, 45, 11)
    field = np.add.outer(lon, lat)
    field[:3] = np.nan
    x, y = forward("mercator", np.array([-2.0, 12.0]), np.array([33.0, 47.0]))
    view = View(float(x[0]), float(x[1]), float(y[0]), float(y[1]), 140, 140)
    made = on_pixels({"lon": lon, "lat": lat, "field": field}, "field", view)
    assert made.shape == (140, 140)
    assert np.isnan(made[:, :40]).all() and np.isnan(made[:10]).all()
    assert made[70, 90] == pytest.approx(7.05 + 40.5, abs=0.5)


def test_a_study_is_taken_over_by_a_click(draft):
    insight = Insight(draft=draft)
    until(lambda: insight.seen, "the preview")
    part = StudyPart(draft=draft, insight=insight)
    draft.session.shown_time = 8
    part.open()
    until(lambda: not part._busy, "the study")
    if not part._error:
        part._take({"do": "run", "lengths": "200 km, 300 km", "epsilons": "0.5 2"})
        until(lambda: not part._busy, "the study")
        assert len(part.form.state["cells"]) == 4
        part._take({"do": "use", "cell": 3})
        assert draft.recipe.lengths.horizontal == (300_000,) and draft.recipe.epsilon2 == 2
    part._take({"do": "run", "lengths": "200", "epsilons": "1"})
    assert "no unit" in part.form.state["error"]


# ---- cards -------------------------------------------------------------------------------
def job(state: State, **more: Any) -> Job:
    spec = JobSpec(id="a" * 32, arguments=("divand", "r.yaml", "--out", "/none.nc"),
                   folder=Path("/tmp"), title="Winter", kind="divand")  # fmt: skip
    return replace(Job(spec=spec, state=state), **more)


def test_a_card_offers_what_can_be_done():
    assert job_view(job(State.RUNNING))["can"] == ["pause", "hibernate", "cancel"]
    assert job_view(job(State.RUNNING), frozenset())["can"] == ["hibernate", "cancel"]
    assert job_view(job(State.PAUSED, wish=Wish.PAUSE))["can"] == ["resume", "hibernate", "cancel"]
    assert job_view(job(State.HIBERNATED, wish=Wish.HIBERNATE))["can"] == ["wake", "cancel"]
    assert job_view(job(State.DONE))["can"] == []
    stopping = job_view(job(State.RUNNING, wish=Wish.PAUSE))
    assert stopping["words"] == "Pausing …" and stopping["can"] == ["cancel"]


def test_a_card_tells_how_long_it_will_take():
    running = job(State.RUNNING, progress=Progress(3, 12, "March"), usage=Usage(cpu=50, wall=60))
    shown = job_view(running, None, ("January", "February", "March"))
    assert shown["left"] == "about 3 min left"
    assert shown["used"] == "60 s, 50 s of processor" and len(shown["slices"]) == 3
    done = job(State.DONE, result={"used": 1200, "observations": 1500, "rmse": 0.5, "unit": "°C"})
    told = "1\u202f200 of 1\u202f500 observations used, misfit 0.5\xa0°C."
    assert job_view(done)["summary"] == told


def test_durations_are_read_at_a_glance():
    assert [duration(s) for s in (4, 89, 600, 7500)] == ["4 s", "89 s", "10 min", "2 h 05 min"]


def test_a_submitted_run_has_its_own_copy_of_the_recipe(draft):
    from sdcviz import jobs
    from sdcviz_app.parts.interpolate.submitting import submit

    id = submit(draft.recipe, "My title", None, {}, "")
    try:
        spec = jobs.get(id).spec
        assert spec.title == "My title" and spec.arguments[0] == "divand"
        assert read_recipe(spec.arguments[1]) == draft.recipe
        assert Path(spec.arguments[3]).name.startswith("my_title_")
    finally:
        jobs.cancel(id)
        jobs.wait(id, timeout=LIMIT)


def test_what_looks_like_an_error_goes_to_the_quality_tab(draft):
    insight, session = Insight(draft=draft), draft.session
    part = RunPart(draft=draft, insight=insight)
    data = session.data
    found = {
        "sentence": "2 of 900 observations look like errors", "rows": [7, 3],
        "words": ["+15 °C at 10 m", "-9 °C at 5 m"], "collection": data.id, "snapshot": "s0009",
        "parameter": "temperature",
    }  # fmt: skip
    insight.outliers = found
    assert part.form.state["outliers"] == found["sentence"]
    part._take({"do": "outliers"})  # of another snapshot: its rows are other stations
    assert session.handed is None and "Open the collection" in part.form.state["said"]
    insight.outliers = found | {"snapshot": data.snapshot}
    part._take({"do": "outliers"})
    assert session.tab == "quality" and session.station == 7
    assert session.handed.rows.tolist() == [7, 3]
    assert session.handed.notes[3] == "-9 °C at 5 m"
