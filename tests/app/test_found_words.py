"""What checks found in a station, as the list beside the plots says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, import_files, open_collection
from sdcviz.qc.model import DEPTH, POSITION, TIME, Findings
from sdcviz_app.parts.quality.found_words import figure
from sdcviz_app.parts.quality.station_view import Shown, station_view


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(tmp_path_factory.mktemp("demo") / "c", stations=200))


def told(c: Collection, row: int, *found: Findings) -> list[dict[str, Any]]:
    return list(station_view(c, row, Shown("temperature"), Findings.join(found))["findings"])


def test_samples_of_one_check_and_parameter_are_one_entry(demo: Collection) -> None:
    values = np.array([-4.5, -17.1, -3.0])
    [group] = told(
        demo, 7,
        Findings.of("global_range", "temperature", 7, [2, 3, 6], "4", values, -2.5),
        Findings.of("global_range", "temperature", 8, [1], "4", 60.0, 40.0),
    )  # fmt: skip
    start = demo.offsets[7]
    low, high = (figure(float(demo.depth[start + i]), 4) for i in (2, 6))
    assert group["title"] == "Global range · Temperature"
    assert group["place"] == f"3 samples, {low} to {high} m"
    assert group["words"] == "worst −17.1 °C (limit −2.5)"
    assert (group["count"], group["samples"].tolist()) == (3, [2, 3, 6])


def test_the_worst_flag_comes_first_and_parameters_stay_apart(demo: Collection) -> None:
    groups = told(
        demo, 7,
        Findings.of("depth_gap", DEPTH, 7, 4, "0", 900.0, 500.0),
        Findings.of("spike", "salinity", 7, [1, 2], [ord("3"), ord("4")], 9.0, 6.0),
        Findings.of("spike", "temperature", 7, 4, "4", 2.5, 2.0),
    )  # fmt: skip
    assert [(g["title"], g["flag"]) for g in groups] == [
        ("Spike · Salinity", "4"),
        ("Spike · Temperature", "4"),
        ("Gap in the profile · Depth", "0"),
    ]
    assert groups[1]["words"] == "stands out by 2.5 °C (limit 2)"


@pytest.mark.parametrize(
    ("found", "title", "words"),
    [
        (Findings.of("on_land", POSITION, 7, -1, "3", 2, 1), "Position on land", "on land"),
        (
            Findings.of("date", TIME, 7, -1, "4", 1653.2, 1700),
            "Impossible date · Time",
            "in the year 1653",
        ),
        (
            Findings.of("speed", POSITION, 7, -1, "3", 1149.6, 25),
            "Speed between stations · Position",
            "1\u202f150 knots from one station to the next (limit 25)",
        ),
        (
            Findings.of("metadata", None, 7, -1, "0", 2, 0, {0: "no cruise, no time"}),
            "Mandatory metadata",
            "no cruise, no time",
        ),
        (
            Findings.of("few_levels", DEPTH, 7, -1, "0", 2, 3),
            "Few levels · Depth",
            "2 levels with a known depth (at least 3)",
        ),
        (
            Findings.of("my own", None, 7, -1, "3", np.nan, np.nan, {0: "looks odd"}),
            "my own",
            "looks odd",
        ),
        (Findings.of("my own", None, 7, -1, "3", np.nan, np.nan), "my own", ""),
    ],
)
def test_what_is_about_the_station_is_said_in_words(
    demo: Collection, found: Findings, title: str, words: str
) -> None:
    [group] = told(demo, 7, found)
    assert (group["title"], group["words"], group["place"]) == (title, words, "")
    assert not len(group["samples"])


def test_what_is_about_all_values_of_a_parameter_picks_them(demo: Collection) -> None:
    [group] = told(demo, 7, Findings.of("stuck_value", "temperature", 7, -1, "4", 0.95, 0.9))
    run = slice(demo.offsets[7], demo.offsets[8])
    known = np.flatnonzero(np.isfinite(demo.values("temperature")[run]))
    assert group["samples"].tolist() == known.tolist()
    assert group["whole"]
    assert group["words"] == "95 % of the levels have one value"


def test_details_of_several_samples_are_told_of_the_worst(demo: Collection) -> None:
    details = {0: "15 is usual here", 1: "16 is usual here"}
    [group] = told(
        demo, 7, Findings.of("neighbours", "temperature", 7, [0, 1], "3", [8.5, 9.3], 8, details)
    )
    assert group["words"] == "worst 9.3 standard deviations (limit 8); 16 is usual here"


def test_another_station_is_named(demo: Collection) -> None:
    text = f"same place as {demo.station_id(3)}"
    [group] = told(demo, 7, Findings.of("duplicates", None, 7, -1, "0", 100, 90, {0: text}))
    names = [demo.text(name) for name in ("cruise", "station")]
    wanted = ", ".join(t.labels[t.codes[3]] for t in names)
    assert group["words"] == f"same place as {wanted}"


def test_places_of_a_series_are_times(data: Path, tmp_path: Path) -> None:
    import_files([data / "odv" / "ODV_timeseries_tidegauge.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    key = c.parameters[0].key
    [group] = told(c, 0, Findings.of("spike", key, 0, [0, 1], "4", [1.0, 2.0], 0.5))
    first, second = (str(c.sample_time[i].astype("M8[m]")).replace("T", " ") for i in (0, 1))
    assert group["place"] == f"2 samples, {first} to {second}"


def test_numbers_are_those_of_people() -> None:
    assert [figure(v) for v in (-17.1, 2000.4, 0.00001, -123456.0)] == [
        "−17.1",
        "2\u202f000",
        "1e−05",
        "−123\u202f456",
    ]
