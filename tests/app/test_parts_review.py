"""The workbench of reviewers without a browser: what is picked, said, sent on and started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
import pytest
from made_files import write

from sdcviz import jobs
from sdcviz.errors import NotFound
from sdcviz.jobs.presence import Bell
from sdcviz.jobs.store import Store
from sdcviz.settings import get_settings
from sdcviz_app import shelf
from sdcviz_app.desk import Desk
from sdcviz_app.parts.review import keeping, picking
from sdcviz_app.parts.review.brushing import Residuals
from sdcviz_app.parts.review.ground import land
from sdcviz_app.parts.review.reading import open_residuals
from sdcviz_app.parts.review.workbench import ReviewPart
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing

ID = "0123456789ab"


class Place(NamedTuple):
    """A data folder with a product of a collection and a review of both."""

    folder: Path
    demo: Path
    product: Path


@pytest.fixture(scope="session")
def made_review(made_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Review a product that is warm everywhere, once."""
    from sdcviz.reviews import review

    folder = tmp_path_factory.mktemp("reviewed")
    depth = np.array([0.0, 10, 30, 75, 150, 400, 1000, 2500])
    lon, lat = np.arange(-6, 42.1, 1.0), np.arange(30, 48.1, 1.0)
    values = np.broadcast_to(
        (13.5 + 6 * np.exp(-depth / 40))[:, None, None], (8, len(lat), len(lon))
    ).astype(np.float32)
    (folder / "products").mkdir()
    product = write(
        folder / "products" / "warm.nc", lon=lon, lat=lat, depth=depth, time=None,
        values=values, dims=("depth", "lat", "lon"),
    )  # fmt: skip
    review(product, made_demo, folder / "reviews" / ID, report=False)
    return folder


@pytest.fixture
def place(
    made_review: Path, made_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Return a copy of it, to say something about."""
    folder = Path(shutil.copytree(made_review, tmp_path / "data"))
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(folder))
    get_settings.cache_clear()
    path = folder / "reviews" / ID / "review.json"
    document = json.loads(path.read_text())
    document["product"]["path"] = str(folder / "products" / "warm.nc")
    path.write_text(json.dumps(document))
    yield Place(folder, made_demo, folder / "products" / "warm.nc")
    get_settings.cache_clear()


@pytest.fixture
def session(place: Place) -> Session:
    session = Session()
    session.open(str(place.demo))
    session.param.update(
        tab="products", products_view="review", product=shelf.identity(str(place.product))
    )
    return session


@pytest.fixture
def part(session: Session) -> ReviewPart:
    part = ReviewPart(viewing=Viewing(session=session))
    session.review = ID
    return part


# ---- residuals -----------------------------------------------------------------------------
def known() -> Residuals:
    rng = np.random.default_rng(4)
    n = 4000
    return Residuals({
        "lon": rng.uniform(0, 10, n), "lat": rng.uniform(40, 45, n), "depth": rng.uniform(0, 99, n),
        "time": np.full(n, np.datetime64("2001-03-04T00:00:00")), "row": rng.integers(0, 80, n),
        "observed": rng.normal(15, 2, n), "residual": rng.normal(0.1, 0.5, n),
        "expected": np.full(n, 0.5), "layer": rng.integers(0, 4, n),
        "month": rng.integers(0, 12, n), "area": rng.integers(-1, 3, n),
        "decade": np.zeros(n, np.int8),
    })  # fmt: skip


def test_a_pick_is_what_all_its_conditions_leave() -> None:
    residuals = known()
    c = residuals.columns
    brush = {"layer": [1, 2], "month": [6], "box": [2.0, 41.0, 8.0, 44.0]}
    picked = residuals.pick(brush)
    inside = (c["lon"] >= 2) & (c["lon"] <= 8) & (c["lat"] >= 41) & (c["lat"] <= 44)
    wanted = np.flatnonzero(np.isin(c["layer"], [1, 2]) & (c["month"] == 6) & inside)
    assert picked is not None and picked.tolist() == wanted.tolist() and len(wanted) > 50
    assert residuals.pick({}) is None

    # A box picks no cells of the map: what lies around it is seen too.
    cells = residuals.cells(brush, [0, 40, 10, 45])
    assert sum(cells["n"]) == int((np.isin(c["layer"], [1, 2]) & (c["month"] == 6)).sum())
    mean = np.average(cells["mean"], weights=cells["n"])
    own = residuals.residual[np.isin(c["layer"], [1, 2]) & (c["month"] == 6)]
    assert mean == pytest.approx(own.mean(), abs=1e-3)

    told = residuals.histogram(picked, np.linspace(-0.5, 0.5, 11).tolist())
    assert sum(told["counts"]) == told["n"] == len(wanted)
    assert told["outside"] == int((np.abs(residuals.residual[wanted]) > 0.5).sum())

    worst = residuals.casts(picked, 3)
    rms = {r: np.sqrt(np.mean((residuals.residual[wanted][c["row"][wanted] == r] / 0.5) ** 2))
           for r in np.unique(c["row"][wanted])}  # fmt: skip
    assert [one["row"] for one in worst] == sorted(rms, key=lambda r: -rms[r])[:3]
    bins = residuals.binned("against_depth", picked, [0, 50, 100])
    shallow = residuals.residual[wanted][c["depth"][wanted] < 50]
    assert bins["n"][0] == len(shallow) and bins["mean"][0] == pytest.approx(shallow.mean())


def test_a_table_of_other_dimensions_is_computed() -> None:
    residuals = known()
    rows = residuals.table("area", "month")
    one = next(r for r in rows if r["area"] == 2 and r["month"] == 5)
    own = residuals.residual[(residuals.columns["area"] == 2) & (residuals.columns["month"] == 5)]
    assert one["n"] == len(own) and one["bias"] == pytest.approx(own.mean())
    assert one["bias_low"] < one["bias"] < one["bias_high"]
    assert min(r["area"] for r in rows) == 0  # samples outside of all areas are of none


def test_a_finding_picks_what_it_is_about() -> None:
    document = {
        "skill": {"layers": ["a", "b", "c", "d"], "months": ["January", "March", "December"],
                  "month_numbers": [1, 3, 12]},
        "cruises": [{"cruise": "X"}, {"cruise": "Y"}],
    }  # fmt: skip
    bias = {"view": {"layers": [1, 2], "months": [12, 2], "areas": [2], "box": [1, 40, 3, 42]}}
    brush, view = picking.pick_of(bias, document, known(), [])
    assert brush == {"area": [2], "layer": [1, 2], "month": [2, 0]}
    assert view is not None and view[0] < 1 < 3 < view[2]
    told = {"pick": {"level": [1, 2], "month": [0], "box": [1, 40, 3, 42]}, **bias}
    assert picking.pick_of(told, document, known(), [])[0] == told["pick"]
    cruise = {"view": {"cruise": "Y", "depth": 10.0, "step": 0}}
    assert picking.pick_of(cruise, document, known(), []) == ({"cruise": [1]}, None)
    assert picking.cleaned({"layer": "nonsense", "month": [1], "box": [3, 1, 2, 2]}) == {
        "month": [1]
    }


def test_land_of_a_map_crosses_its_box() -> None:
    x, y, starts = land((0.0, 38.0, 10.0, 44.0))
    assert starts[0] == 0 and starts[-1] == len(x) == len(y) and len(starts) > 3
    assert min(x) < 0 and max(x) > 10  # the mainland goes on beyond the edges


# ---- the page ------------------------------------------------------------------------------
def test_a_review_is_shown_and_picked_from(part: ReviewPart, session: Session) -> None:
    n = part.form.doc["samples"]
    assert part.form.picked["n"] == part.form.picked["of"] == n > 500
    assert part.form.state["reviews"][0] | {"samples": n} == part.form.state["reviews"][0]
    part._take({"do": "pick", "brush": {"layer": [0]}})
    residuals = open_residuals(keeping.folder_of(ID), keeping.read(ID))
    assert part.form.picked["n"] == int((residuals.columns["layer"] == 0).sum()) < n
    cruise = part.form.doc["cruises"][1]
    part._take({"do": "pick", "brush": {"cruise": [1]}})
    assert part.form.picked["n"] == cruise["n"]
    kinds = [f["kind"] for f in part.form.doc["first"]]
    first = next(k for k, kind in enumerate(kinds) if kind in ("bias", "cruise", "worst"))
    part._take({"do": "find", "number": first})
    assert not part.form.picked["whole"] and 0 < part.form.picked["n"] <= n
    session.review = ""
    assert not part.form.doc and not part.form.state["opened"]


def test_a_finding_leads_to_the_map(part: ReviewPart, session: Session) -> None:
    part._take({"do": "map", "view": {"level": 3, "depth": 75.0, "box": [1, 40, 3, 42]}})
    assert session.products_view == "map" and session.dots == "residuals"
    assert session.level == 75.0 and session.place == (2.0, 41.0)
    assert session.area == ((1, 40), (3, 40), (3, 42), (1, 42))


def test_what_is_said_is_kept_signed_and_restored(part: ReviewPart, session: Session) -> None:
    session.step = 0
    part._take({"do": "pick", "brush": {"layer": [1]}})
    part._take({"do": "comment", "tab": "skill", "block": "skill", "text": "<b>Warm</b>"})
    part._take({"do": "verdict", "block": "skill", "verdict": "major", "note": "Too warm"})
    part._take({"do": "sign", "name": "Ann", "orcid": "0000-0002-1825-0098"})
    assert "is no ORCID" in part.form.said["said"] and not part.form.said["signature"]
    part._take({"do": "sign", "name": "Ann", "orcid": "0000-0002-1825-0097"})
    assert part.form.said["signature"]["name"] == "Ann" and not part.form.said["lost"]
    listed = keeping.listed(part.form.doc["product"]["path"])[0]
    assert (listed["author"], listed["verdict"], listed["signed"]) == ("Ann", "major", True)
    part._take({"do": "verdict", "block": "skill", "verdict": "minor", "note": ""})
    assert part.form.said["lost"] and not part.form.said["signature"]

    part._take({"do": "pick", "brush": {}})
    session.param.update(dots="none", level=10.0)
    part._take({"do": "restore", "number": 0})
    assert part.form.said["block"] == "skill" and part.form.picked["brush"] == {"layer": [1]}
    assert session.level is None and session.review == ID and session.products_view == "review"


def test_the_worst_casts_go_to_the_quality_tab(part: ReviewPart, session: Session) -> None:
    rows = [one["row"] for one in part.form.doc["worst"][:3]]
    desk = Desk(session=session)
    for _ in range(2):  # the same one again, after the operator went on
        session.tab = "products"
        part._take({"do": "quality", "rows": [rows[1]]})
        assert session.tab == "quality" and desk.station == rows[1]
        desk.open(0 if rows[1] else 1)
    part._take({"do": "queue", "rows": rows, "scores": [9.12, 8.0, 7.0]})
    assert session.handed.rows.tolist() == rows and desk.station == rows[0]
    assert session.handed.notes[rows[0]] == "9.1 ×"


def test_casts_of_another_collection_are_not_shown(
    place: Place, part: ReviewPart, session: Session
) -> None:
    path = place.folder / "reviews" / ID / "review.json"
    document = json.loads(path.read_text())
    document["collection"]["id"] = "another"
    path.write_text(json.dumps(document))
    part._open()
    part._take({"do": "quality", "rows": [0]})
    assert session.tab == "products" and "open it above" in part.form.state["told"]


# ---- starting ------------------------------------------------------------------------------
def test_review_starts_a_job_with_the_filters(session: Session) -> None:
    bell = Bell(Store().url, serves=True)  # somebody keeps the jobs who does nothing
    try:
        session.months = (1, 2, 3)
        part = ReviewPart(viewing=Viewing(session=session))
        start = part.form.state["start"]
        assert " of 4" in start["stations"] and start["parameter"] == "temperature"
        part._take({"do": "review"})
        id = session.review
        asked = keeping.request_of(id)
        spec = jobs.get(asked["job"]).spec
    finally:
        bell.close()
    words = list(spec.arguments)
    assert words[:2] == ["review", asked["product"]] and "--independent" not in words
    assert words[words.index("--out") + 1] == str(keeping.folder_of(id))
    chosen = json.loads(Path(words[words.index("--selection") + 1]).read_text())
    assert chosen["months"] == [1, 2, 3]
    assert parse_qs(spec.notify["link"])["review"] == [id]
    assert part._job_of(id) == asked["job"] and not part.form.state["opened"]


def test_a_link_opens_nothing_but_reviews(part: ReviewPart, session: Session) -> None:
    with pytest.raises(NotFound, match="names no review"):
        keeping.folder_of("../../etc/pas")
    session.review = "ffffffffffff"
    assert "not on this server" in part.form.state["told"] and not part.form.doc


def test_a_broken_review_is_told(place: Place, part: ReviewPart, session: Session) -> None:
    folder = place.folder / "reviews"
    (folder / ID / "residuals.npz").write_bytes(b"PK\x03\x04 cut off")
    part._take({"do": "pick", "brush": {}})
    assert "can't be read" in part.form.picked["error"]
    other = folder / "aaaaaaaaaaaa"
    other.mkdir()
    (other / "review.json").write_text("{")
    session.review = other.name
    assert "can't be read" in part.form.state["told"]
    told: Any = part.form.state["reviews"]
    assert [one["id"] for one in told] == [ID]
