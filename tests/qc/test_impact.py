from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest
from sdcviz.observations import Collection, open_collection
from sdcviz.qc import DEPTH, POSITION, Edits
from sdcviz.qc.impact import Impact, impact


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(Path(tmp_path_factory.mktemp("demo")) / "demo", stations=400))


def passing(c: Collection, row: int, key: str, low: float, high: float) -> list[float]:
    """Values of a station in a layer that pass, read one by one from its table."""
    if chr(c.position_flag[row]) in "34" or chr(c.time_flag[row]) in "34":
        return []
    frame = c.profile(row)
    return [
        float(r[key])
        for _, r in frame.iterrows()
        if low <= r["depth"] <= high
        and r[f"{key}_flag"] not in "349"
        and r["depth_flag"] not in "34"
        and np.isfinite(r[key])
    ]


def good_station(c: Collection) -> int:
    """Find one with good values at its first levels and others around."""
    for row in range(c.n_stations):
        if len(passing(c, row, "temperature", 0, 10)) > 2:
            return row
    raise AssertionError


def test_means_are_those_of_the_tables_around(demo):
    row = good_station(demo)
    month = demo.time[row].astype("M8[M]").astype(int) % 12
    rows, _ = demo.near(float(demo.lon[row]), float(demo.lat[row]), 300)
    near = [r for r in rows if (demo.time[r].astype("M8[M]").astype(int) % 12 - month + 1) % 12 < 3]
    got = impact(demo, "temperature", Edits.of("temperature", row, [0, 1], "1", "4"), radius_km=300)
    low, high = got.depth
    around = [v for r in near for v in passing(demo, r, "temperature", low, high)]
    of_it = passing(demo, row, "temperature", low, high)
    assert len(near) > 1
    assert (got.stations, got.n_before, got.n_after) == (len(near), len(around), len(around) - 2)
    assert got.before == pytest.approx(np.mean(around))
    rest = (sum(around) - sum(of_it[:2])) / (len(around) - 2)
    assert got.after == pytest.approx(rest)
    assert f"from {got.before:.1f}"[:-1] in got.sentence()


def test_it_does_not_matter_whether_the_flags_are_set_already(demo):
    row = good_station(demo)
    there = impact(demo, "temperature", Edits.of("temperature", row, [0, 1], "1", "4"))
    back = impact(demo, "temperature", Edits.of("temperature", row, [0, 1], "4", "1"))
    assert (there.before, there.after) == (back.after, back.before)
    assert there.n_before - there.n_after == 2


def test_flags_of_position_and_depth_take_the_values_away(demo):
    row = good_station(demo)
    whole = impact(demo, "temperature", Edits.of(POSITION, row, -1, "1", "4"))
    low, high = whole.depth
    lost = len(passing(demo, row, "temperature", low, high))
    assert whole.n_before - whole.n_after == lost > 2
    level = impact(demo, "temperature", Edits.of(DEPTH, row, 1, "1", "3"))
    assert level.n_before - level.n_after == 1
    salt = Edits.of("salinity", row, 1, "1", "4")
    assert impact(demo, "temperature", salt) is None
    assert impact(demo, "temperature", Edits.join([salt, Edits.of(DEPTH, row, 1, "1", "3")])) == (
        level
    )


def test_far_apart_stations_widen_the_area(demo):
    far = int(np.argmax(demo.lon)), int(np.argmin(demo.lon))
    got = impact(demo, "temperature", Edits.of("temperature", far, [0, 0], "1", "4"))
    assert got.radius_km > 1000
    assert got.flags == 2


def test_text_has_no_mean(mixed_texts):
    with pytest.raises(BadRequest, match="is text"):
        impact(mixed_texts, "species", Edits.of("species", 0, 0, "0", "4"))


@pytest.fixture(scope="module")
def mixed_texts(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Return two stations with a text parameter; the second has no position."""
    from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations
    from sdcviz.observations import build_collection

    stations = Stations.blank(2, 0)
    stations.lon, stations.lat = np.array([5.0, np.nan]), np.array([40.0, np.nan])
    columns = [
        Column(Parameter("Species", kind="text"), Coded.of(["a"] * 4), np.full(4, 48, np.uint8)),
        Column(
            Parameter("Chlorophyll", "mg/m3"),
            np.array([1.0, 3.0, 50.0, 2.0]),
            np.full(4, ord("1"), np.uint8),
        ),
    ]
    batch = Batch(
        stations,
        np.array([0, 3, 4]),
        columns,
        np.array([1.0, 2.0, 3.0, 1.0]),
        np.full(4, ord("1"), np.uint8),
        np.arange(4),
    )
    path = tmp_path_factory.mktemp("texts") / "texts"
    build_collection([("one.txt", "ab" * 32, [batch])], path)
    return open_collection(path)


def test_stations_without_position_have_no_surroundings(mixed_texts):
    c = mixed_texts
    key = next(p.key for p in c.parameters if p.kind == "number")
    lost = int(np.flatnonzero(np.isnan(c.lon))[0])
    assert impact(c, key, Edits.of(key, lost, 0, "1", "4")) is None
    both = Edits.of(key, [1 - lost, lost], [2, 0], "1", "4")
    got = impact(c, key, both)
    assert (got.before, got.after, got.n_after) == (18.0, 2.0, 2)
    assert got.sentence().startswith("These 2 flags change the mean here by −16")


def test_sentences():
    def said(n_before: int, n_after: int, before: float, after: float, **how: bool) -> str:
        whole = Impact("°C", 1, before, after, n_before, n_after, 3, 100.0, (1, 2, 12), (0, 10))
        return whole.sentence(**how)

    where = "(4 values within 100 km, 0–10 m, Dec–Feb)."
    assert said(4, 3, 13.41, 13.53) == (
        f"This flag changes the mean here by +0.12 °C, from 13.41 to 13.53 {where}"
    )
    assert "would change the mean here by −0.12" in said(4, 3, 13.53, 13.41, would=True)
    assert said(3, 3, 1.0, 1.0).startswith("This flag does not change the mean")
    assert said(3, 0, 1.0, np.nan).startswith("This flag leaves no good value here")
    assert said(0, 2, np.nan, 1.0).startswith("This flag gives the only 2 good values here")
    assert said(0, 0, np.nan, np.nan).startswith("There is no good value here")
