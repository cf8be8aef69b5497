"""Checks over the demo collection: the planted errors they are made for are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest
from sdcviz.observations import open_collection
from sdcviz.observations.collection import Collection
from sdcviz.qc.checks.runner import run_checks


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    folder: Path = tmp_path_factory.mktemp("checks") / "demo"
    return open_collection(make_demo(folder, stations=400))


def test_a_negated_temperature_is_out_of_range(demo: Collection) -> None:
    found = run_checks(demo, ["global_range"], parameters=["temperature"])
    assert len(found) and found.keys == ("temperature",)
    assert (found.value < -2.5).all() and (found.threshold == -2.5).all()
    assert set(found.flag.tolist()) == {ord("4")}


def test_an_unknown_check_is_one_sentence(demo: Collection) -> None:
    with pytest.raises(
        BadRequest, match=r"There is no check 'spkie'\. There are: metadata, .*global_range,"
    ):
        run_checks(demo, ["spkie"])
