"""Findings are kept beside the collection and come back as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import StorageError
from sdcviz.observations import open_collection
from sdcviz.observations.collection import Collection
from sdcviz.qc import Findings
from sdcviz.qc.checks.thresholds import read_thresholds
from sdcviz.qc.store import load_findings, load_run, save_findings
from sdcviz.settings import get_settings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("store") / "demo", stations=40)


@pytest.fixture
def demo(made: Path, tmp_path: Path) -> Collection:
    return open_collection(shutil.copytree(made, tmp_path / "demo"))


def some(check: str, stations: list[int], key: str = "temperature") -> Findings:
    return Findings.of(check, key, stations, 3, "4", 7.25, 6.0, {0: "near “Naïve” bank"})


def test_nothing_is_there_before_the_first_run(demo: Collection) -> None:
    assert load_findings(demo) is None


def test_findings_come_back(demo: Collection) -> None:
    before = Findings.join([some("spike", [5, 9]), some("gradient", [2], "salinity")])
    limits = read_thresholds()
    save_findings(demo, before, checks=["spike", "gradient", "gap"], thresholds=limits, user="Ann")
    run = load_run(open_collection(demo.path))
    assert run is not None
    assert run.findings.to_frame().equals(before.to_frame())
    assert run.findings.details == before.details
    assert (run.user, run.checks) == ("Ann", ("spike", "gradient", "gap"))
    assert run.thresholds["checks"]["spike"] == limits.content["checks"]["spike"]


def test_a_run_of_one_check_keeps_what_others_found(demo: Collection) -> None:
    first = Findings.join([some("spike", [5, 9]), some("gradient", [2])])
    save_findings(demo, first, checks=["spike", "gradient"])
    save_findings(demo, some("spike", [7]), checks=["spike"])
    found = load_findings(demo)
    assert found is not None
    assert found.counts() == {"spike": 1, "gradient": 1}
    assert found.of_station(7).to_frame()["check"].tolist() == ["spike"]


def test_a_run_over_some_stations_keeps_the_others(demo: Collection) -> None:
    save_findings(demo, some("spike", [5, 9]), checks=["spike"])
    save_findings(demo, some("spike", []), checks=["spike"], rows=np.array([9]))
    found = load_findings(demo)
    assert found is not None
    assert found.station.tolist() == [5]


def test_a_folder_that_may_not_be_written_sends_them_to_the_data_folder(demo: Collection) -> None:
    # a file in the place of the folder refuses even root
    (demo.path / "findings").write_text("")
    path = save_findings(demo, some("spike", [1]), checks=["spike"])
    assert path.is_relative_to(get_settings().data_dir)
    assert load_findings(demo) is not None
    path.unlink()


def test_no_place_at_all_is_one_sentence(
    demo: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (demo.path / "findings").write_text("")
    (tmp_path / "data").write_text("")
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    try:
        with pytest.raises(StorageError, match=r"can't be kept .* set SDCVIZ_DATA_DIR"):
            save_findings(demo, some("spike", [1]), checks=["spike"])
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_a_damaged_file_counts_as_none(demo: Collection) -> None:
    path = save_findings(demo, some("spike", [1]), checks=["spike"])
    path.write_bytes(path.read_bytes()[:100])
    assert load_findings(demo) is None
