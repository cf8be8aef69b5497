"""``sdcviz qc check`` and the same from the page, as processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sdcviz.cli import app
from sdcviz.demo import make_demo
from sdcviz.observations import open_collection
from sdcviz.qc.store import load_run
from sdcviz_app.checking import CheckJob, Outcome


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("check") / "demo", stations=200)


@pytest.fixture
def demo(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "demo"))


def sdcviz(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sdcviz.cli", "qc", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_finding_says_check_value_and_threshold(demo: Path) -> None:
    done = sdcviz(demo, "--check", "global_range", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    first = report["findings"][0]
    assert (first["check"], first["parameter"]) == ("global_range", "temperature")
    assert first["value"] < first["threshold"] == -2.5
    assert report["findings_total"] == len(report["findings"]) == report["checks"][0]["findings"]
    opened = open_collection(demo)
    row = int(opened.find_station(first["station_id"])[0])
    assert opened.profile(row)["temperature"].iloc[first["sample"]] == pytest.approx(first["value"])


def test_flags_that_are_applied_stand_in_the_journal(demo: Path) -> None:
    before = open_collection(demo)
    report = json.loads(
        sdcviz(demo, "--check", "global_range", "--apply", "--user", "Ann", "--json").stdout
    )
    after = open_collection(demo)
    for found in report["findings"]:
        at = found["parameter"], [found["station"]], [found["sample"]]
        assert chr(before.flag_at(*at)[0]) != "4"
        assert chr(after.flag_at(*at)[0]) == "4"
    last = after.journal.batches(after)[0]
    assert (last.user, last.tool) == ("Ann", "check")
    run = load_run(after)
    assert run is not None and run.user == "Ann" and run.checks == ("global_range",)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--check", "spkie"], "There is no check 'spkie'"),
        (["--apply"], "say who you are with --user"),
        (["--parameter", "sound"], "There is no parameter 'sound'"),
        (["--thresholds", "nowhere.yaml"], "There are no thresholds 'nowhere.yaml'"),
    ],
)
def test_bad_input_is_one_sentence(demo: Path, arguments: list[str], sentence: str) -> None:
    done = CliRunner().invoke(app, ["qc", "check", str(demo), *arguments], catch_exceptions=False)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert not (demo / "findings").exists()


def run(job: CheckJob) -> Outcome:
    ended = threading.Event()
    job.start(lambda _: ended.set())
    assert ended.wait(300)
    while job.outcome is None:
        ended.wait(0.01)
    return job.outcome


def test_the_page_gets_counts_and_the_findings_are_kept(demo: Path) -> None:
    rows = np.arange(0, 200, 2)
    job = CheckJob(demo, checks=["global_range", "spike"], rows=rows, user="Ann")
    outcome = run(job)
    assert outcome.error == ""
    assert [item["check"] for item in outcome.report["checks"]] == ["global_range", "spike"]
    assert job.done == job.total > 0
    kept = load_run(open_collection(demo))
    assert kept is not None and kept.user == "Ann"
    assert len(kept.findings) == outcome.report["findings_total"]
    assert (kept.findings.station % 2 == 0).all()


def test_the_page_gets_one_sentence(demo: Path) -> None:
    outcome = run(CheckJob(demo, checks=["spkie"]))
    assert outcome.error.startswith("There is no check 'spkie'")


def test_a_cancelled_run_keeps_nothing(demo: Path) -> None:
    job = CheckJob(demo)
    ended = threading.Event()
    job.start(lambda _: ended.set())
    job.cancel()
    assert ended.wait(60)
    assert job.process.returncode != 0
    assert not (demo / "findings").exists()
