from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest
from sdcviz.observations import Collection, open_collection
from sdcviz.qc import Findings
from sdcviz.qc.ranking import Badge, rank


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(Path(tmp_path_factory.mktemp("demo")) / "demo", stations=120))


@pytest.fixture(scope="module")
def found() -> Findings:
    return Findings.join(
        [
            Findings.of("spike", "temperature", [5], [3], "4", [9.0], 6.0),
            Findings.of("gradient", "temperature", [7] * 6, range(6), "3", 1.0, 0.5),
            Findings.of("climatology", "salinity", [5, 9], [0, 1], "3", [-4.0, 7.0], 3.0),
            Findings.of("duplicates", None, [11, 12], -1, "0", 0.1, 2.0),
        ]
    )


def test_worst_station_is_first_and_its_checks_are_told(demo, found):
    queue = rank(demo, found)
    # 5: 8 + 4; 7: 4 (1 + ln 6) = 11.2; 9: 4; 11 and 12: 2
    assert queue.rows.tolist() == [5, 7, 9, 11, 12]
    assert queue.weights[:2] == pytest.approx([12, 4 * (1 + np.log(6))])
    assert queue.badges(0) == [Badge("spike", 1, "4"), Badge("climatology", 1, "3")]
    assert queue.badges(1) == [Badge("gradient", 6, "3")]
    assert queue.badges(3) == [Badge("duplicates", 1, "0")]


def test_orders(demo, found):
    assert rank(demo, found, by="number").rows.tolist() == [7, 5, 9, 11, 12]
    assert rank(demo, found, by="residual").rows.tolist() == [9, 5, 7, 11, 12]
    residuals = np.full(demo.n_samples, np.nan)
    residuals[demo.offsets[11]] = -3.0
    by_analysis = rank(demo, found, by="residual", residuals=residuals)
    assert by_analysis.rows.tolist() == [11, 5, 7, 9, 12]
    with pytest.raises(BadRequest, match="weight, number, residual, course"):
        rank(demo, found, by="colour")


def test_course_goes_through_each_cruise_in_time(demo):
    queue = rank(demo, None, by="course", every=True)
    assert sorted(queue.rows.tolist()) == list(range(demo.n_stations))
    cruises = np.array(demo.text("cruise").texts(), object)[queue.rows]
    assert cruises.tolist() == sorted(cruises)
    same = cruises[1:] == cruises[:-1]
    steps = np.diff(demo.time[queue.rows])
    assert (steps[same] >= np.timedelta64(0)).all()
    assert len(np.unique(cruises)) > 1 and same.any()


def test_checks_and_stations_restrict_the_queue(demo, found):
    assert rank(demo, found, checks=["climatology", "duplicates"]).rows.tolist() == [5, 9, 11, 12]
    assert rank(demo, found, rows=[12, 7, 50]).rows.tolist() == [7, 12]
    every = rank(demo, found, rows=[12, 7, 50], every=True)
    assert every.rows.tolist() == [7, 12, 50]
    assert every.badges(2) == []
    assert len(rank(demo, found, rows=[])) == 0
    assert len(rank(demo, None)) == 0


def test_places_can_be_left_out(demo, found):
    rest = rank(demo, found).take(np.array([1, 3]))
    assert rest.rows.tolist() == [7, 11]
    assert rest.badges(1) == [Badge("duplicates", 1, "0")]
