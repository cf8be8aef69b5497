"""A run of an analysis as a job leaves a picture for the mail about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from analysis_runs import write_recipe_file
from typer.testing import CliRunner

from sdcviz.cli import app
from sdcviz.demo import make_demo

JULY = {
    "domain": {"box": [-6, 30, 36.5, 46], "resolution": 1},
    "levels": [0, 20],
    "time": {"years": [1991, 2020], "months": [7]},
}


def test_a_job_leaves_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = make_demo(tmp_path / "demo", stations=600)
    recipe = write_recipe_file(tmp_path, demo, **JULY)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    run = ["divand", str(recipe), "--out", str(tmp_path / "p.nc"), "--workers", "1"]
    assert CliRunner().invoke(app, run).exit_code == 0
    assert not list(work.iterdir())
    monkeypatch.setenv("SDCVIZ_EVENTS", str(tmp_path / "events.jsonl"))
    assert CliRunner().invoke(app, run).exit_code == 0
    assert (work / "picture.png").read_bytes().startswith(b"\x89PNG")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    (result,) = [event["report"] for event in events if event["event"] == "result"]
    assert result["worst"][0]["station"] and result["used"] > 0


def test_what_is_no_product_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.nc").write_bytes(b"CDF\x01 and no more")
    for name, words in (("x.nc", "no product, or a damaged one"), ("y.nc", "no such product")):
        said = CliRunner().invoke(
            app, ["picture", str(tmp_path / name), "--out", str(tmp_path / "x.png")]
        )
        assert said.exit_code == 2 and words in said.output
    assert not (tmp_path / "x.png").exists()
