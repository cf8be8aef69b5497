"""The planted errors of a small demo collection: what is found, and what else."""

from __future__ import annotations

import pytest

from sdcviz.demo import make_demo
from sdcviz.demo.recall import recall
from sdcviz.observations import open_collection
from sdcviz.qc.checks.runner import run_checks

FLOORS = {
    "spike": 0.9,
    "position sign": 1.0,
    "temperature sign": 1.0,
    "on land": 1.0,
    "density inversion": 0.9,
    "duplicate": 1.0,
}
"""Part of each kind that has to be found."""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    # Of the seeds one whose biased cruise sailed over deep water, where it can be compared.
    folder = tmp_path_factory.mktemp("recall") / "demo"
    c = open_collection(make_demo(folder, stations=4000, seed=1))
    return recall(c, run_checks(c))


@pytest.mark.parametrize("kind", FLOORS)
def test_planted_errors_are_found(result, kind):
    assert result.kinds[kind].recall >= FLOORS[kind], result.text()


def test_the_biased_cruise_is_found_by_its_offset(result):
    biased = result.kinds["biased cruise"]
    assert biased.checks["cruise_offset"] == biased.planted, result.text()


def test_little_else_is_found(result):
    checks = result.checks
    for name in ("on_land", "cruise_area", "speed", "spike", "density_inversion", "duplicates"):
        assert checks[name].findings, name
        assert checks[name].precision >= 0.98, result.text()
    assert checks["ts_outlier"].precision >= 0.9, result.text()
    assert checks["cruise_offset"].precision == 1, result.text()
    for name in ("metadata", "date", "cruise_dates", "position", "negative", "oxygen_saturation"):
        assert checks[name].findings == 0, name


def test_the_tables_say_what_was_counted(result):
    text = result.text()
    for kind, found in result.kinds.items():
        assert f"| {kind} | {found.planted} | {found.found} |" in text
