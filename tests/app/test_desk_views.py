"""What the plots of the Quality tab get of a station, and what the browser may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, import_files, open_collection
from sdcviz.qc.climatology import climate_at, named_climatologies, write_climatologies
from sdcviz.qc.model import DEPTH, POSITION, Edits, Findings
from sdcviz.settings import get_settings
from sdcviz_app.parts.quality.climates import Climates
from sdcviz_app.parts.quality.conductor import Conductor
from sdcviz_app.parts.quality.station_view import DRAWN, Shown, station_flags, station_view
from sdcviz_app.quality import QualityView
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "c", stations=400)


@pytest.fixture(scope="module")
def demo(folder: Path) -> Collection:
    return open_collection(folder)


class Sent(list[dict[str, Any]]):
    """The messages that went to the browser."""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self if message["type"] == kind]


@pytest.fixture
def view(folder: Path) -> Iterator[tuple[QualityView, Conductor, Sent]]:
    session = Session()
    session.open(str(folder))
    made = QualityView(session=session)
    sent = Sent()
    made.conductor.bar._send_msg = sent.append  # type: ignore[method-assign]
    yield made, made.conductor, sent


def test_a_station_is_given_as_it_is(demo: Collection) -> None:
    row = 200
    got = station_view(demo, row, Shown.usual(demo, "temperature"))
    run = slice(demo.offsets[row], demo.offsets[row + 1])
    np.testing.assert_array_equal(got["depth"], demo.depth[run])
    for key, values in got["values"].items():
        np.testing.assert_array_equal(values, demo.values(key)[run])
        assert got["flags"][key] == demo.flags(key)[run].tobytes().decode()
    assert got["flags"][DEPTH] == demo.depth_flag[run].tobytes().decode()
    assert len(got["flags"][POSITION]) == 1
    assert got["id"] == demo.station_id(row)
    assert got["kind"] == "depth"


def test_lines_of_neighbours_have_their_samples_and_a_break_after_each(demo: Collection) -> None:
    row = 200
    got = station_view(demo, row, Shown.usual(demo, "temperature"))["near"]
    assert 0 < got["drawn"] <= min(DRAWN, got["found"])
    line = got["lines"]["a"]
    parts = np.split(line["y"], np.flatnonzero(np.isnan(line["y"])))
    assert len(parts) == got["drawn"] + 1
    first = int(got["rows"][0])
    run = slice(demo.offsets[first], demo.offsets[first + 1])
    known = np.isfinite(demo.values("temperature")[run])
    known &= ~np.isin(demo.flags("temperature")[run], [ord(c) for c in "3489"])
    known &= ~np.isin(demo.depth_flag[run], [ord(c) for c in "3489"])
    np.testing.assert_allclose(parts[0], demo.depth[run][known])


def test_what_is_shown_beside_a_parameter(demo: Collection) -> None:
    assert Shown.usual(demo, "temperature").pairs["c"] == ("salinity", "temperature")
    assert Shown.usual(demo, "temperature").b == "salinity"
    assert Shown.usual(demo, "salinity").b == "temperature"


def test_a_station_without_the_parameter_shows_another(demo: Collection) -> None:
    row = int(np.flatnonzero(~demo.has("oxygen_umol_kg") & demo.has("salinity"))[0])
    shown = Shown.usual(demo, "oxygen_umol_kg")
    got = station_view(demo, row, shown)
    assert got["instead"]["a"] == ["temperature", DEPTH]
    assert got["instead"]["b"] == ["salinity", DEPTH]
    assert "oxygen_umol_kg" not in {k for pair in got["instead"].values() for k in pair}
    assert got["near"]["bands"].keys() == {"a", "b"}
    # That with findings is preferred; where there is the parameter nothing changes.
    found = Findings.of("spike", "salinity", row, 2, "4", 9.0, 6.0)
    assert station_view(demo, row, shown, found)["instead"]["a"] == ["salinity", DEPTH]
    assert station_view(demo, row, Shown.usual(demo, "temperature"))["instead"] is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ODV_timeseries_tidegauge.txt", "time"), ("ODV_vertical_profiles_ctd.txt", "depth")],
)
def test_series_lie_along_time(data: Path, tmp_path: Path, name: str, kind: str) -> None:
    import_files([data / "odv" / name], tmp_path / "c")
    series = open_collection(tmp_path / "c")
    got = station_view(series, 0, Shown.usual(series, series.parameters[0].key))
    assert got["kind"] == kind
    assert got["n"] == series.offsets[1] - series.offsets[0]


def test_a_page_is_told_how_things_are(view: tuple[QualityView, Conductor, Sent]) -> None:
    made, conductor, sent = view
    made.desk.open(5)
    sent.clear()
    conductor._take({"hello": True, "at": -1})
    assert sent.of("go")[0]["row"] == 5
    assert sent.of("user")[0]["user"] == made.session.user
    np.testing.assert_array_equal(sent.of("queue")[0]["rows"], made.desk.queue)
    epoch = sent.of("shown")[0]["epoch"]
    conductor._take({"want": [5, 6, 10**9, -3], "epoch": epoch})
    assert [m["view"]["row"] for m in sent.of("view")] == [5, 6]


def test_the_climatology_comes_with_the_station(
    demo: Collection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDCVIZ_CLIMATOLOGY", str(data / "grid" / "levitus_climatology.cdf"))
    get_settings.cache_clear()
    try:
        write_climatologies(demo)
        found = Climates(lambda: None)
        found.open(demo)
        named = named_climatologies(demo)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert found.told == ""
    drawn = 0
    for row in range(demo.n_stations):
        got = found.at(row)
        for key, one in got.items():
            kept = named[key].kept
            assert kept is not None
            expected = climate_at(kept, row)
            assert expected is not None
            np.testing.assert_array_equal(one["middle"], expected.middle)
            assert (one["name"], one["limit"]) == ("levitus_climatology.cdf", None)
            assert len(one["low"]) == len(one["by"]) == 0
            drawn += 1
    assert drawn > 300


def test_without_a_climatology_the_page_tells_how_to_name_one(
    view: tuple[QualityView, Conductor, Sent],
) -> None:
    _, conductor, sent = view
    conductor._take({"hello": True})
    assert "the setting 'climatology'" in sent.of("climates")[-1]["told"]


def test_stations_for_plots_that_are_gone_are_not_sent(
    view: tuple[QualityView, Conductor, Sent],
) -> None:
    made, conductor, sent = view
    conductor._take({"hello": True})
    old = sent.of("shown")[0]["epoch"]
    made.desk.parameter = "salinity"
    sent.clear()
    conductor._take({"want": [5], "epoch": old})
    assert not sent.of("view")


def test_the_browser_leads_and_hears_only_of_others(
    view: tuple[QualityView, Conductor, Sent],
) -> None:
    made, conductor, sent = view
    conductor._take({"look": 9})
    conductor._take({"picked": [1, 2], "row": 9})
    assert (made.desk.station, made.desk.picked.tolist()) == (9, [1, 2])
    assert not sent.of("go")
    assert not sent.of("picked")
    conductor._take({"picked": [3], "row": 8})  # of a station that was left meanwhile
    assert made.desk.picked.tolist() == [1, 2]
    made.desk.param.update(picked=np.array([4]))
    made.desk.open(11)
    told = sent.of("picked")[0]
    assert (told["row"], told["samples"].tolist()) == (9, [4])
    assert sent.of("go")[-1]["row"] == 11


@pytest.mark.parametrize(
    "message",
    [
        {"look": 10**9},
        {"look": -2},
        {"parameter": "no such"},
        {"second": "no such"},
        {"pair": ["no such", "temperature"]},
        {"tool": "no such"},
        {"nonsense": 1},
    ],
)
def test_what_makes_no_sense_changes_nothing(
    view: tuple[QualityView, Conductor, Sent], message: dict[str, Any]
) -> None:
    made, conductor, sent = view
    before = made.desk.station, made.desk.parameter, conductor._shown
    conductor._take(message)
    assert (made.desk.station, made.desk.parameter, conductor._shown) == before
    assert not sent


def test_swapping_the_profiles_keeps_both(view: tuple[QualityView, Conductor, Sent]) -> None:
    made, conductor, _ = view
    made.desk.parameter = "salinity"
    assert (conductor._shown.a, conductor._shown.b) == ("salinity", "temperature")
    made.desk.parameter = "oxygen_umol_kg"
    assert (conductor._shown.a, conductor._shown.b) == ("oxygen_umol_kg", "temperature")
    made.desk.parameter = DEPTH
    assert conductor._shown.a == "oxygen_umol_kg"


def test_flags_that_change_elsewhere_reach_the_page(
    view: tuple[QualityView, Conductor, Sent],
) -> None:
    made, conductor, sent = view
    data = made.desk.data
    assert data is not None
    made.desk.open(30)
    conductor._take({"hello": True})
    conductor._take({"want": [30], "epoch": sent.of("shown")[-1]["epoch"]})
    made.desk.flag("3", [2])
    assert data.flag_at("temperature", [30], [2]).tobytes() == b"3"
    made.session.flags_version += 1
    told = sent.of("flags")[-1]["flags"][data.station_id(30)]
    assert told == station_flags(data, 30)
    assert told["temperature"][2] == "3"


def test_a_change_that_clashes_is_told(view: tuple[QualityView, Conductor, Sent]) -> None:
    made, _, sent = view
    data = made.desk.data
    assert data is not None
    data.journal.write(
        data, Edits.of("temperature", 40, [1], chr(data.flag_at("temperature", [40], [1])[0]), "2"),
        user="Berta", reason="",
    )  # fmt: skip
    assert made.desk.write(Edits.of("temperature", 40, [1], "1", "4")) is None
    assert "Berta" in sent.of("told")[-1]["sentence"]
