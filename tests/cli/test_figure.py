"""`sdcviz figure` and `sdcviz animate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hand_made
import pytest
from typer.testing import CliRunner

from sdcviz.cli import app


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("cli") / "p.nc")


def call(*words: Any) -> Any:
    return CliRunner().invoke(app, [str(w) for w in words])


def test_a_figure_is_written_with_what_was_asked_for(product: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.svg"
    done = call(
        "figure", product, "--kind", "section", "--line", "4,41 8,43", "--time", "March", "--out",
        out, "--range", "11:13", "--title", "My section", "--width", "one", "--contours", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["path"] == str(out) and told["bytes"] == out.stat().st_size
    text = out.read_text()
    assert "My section" in text and "Distance [km]" in text and "(arrows)" in text


def test_an_animation_tells_its_progress_and_its_result(
    product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, events = tmp_path / "a.gif", tmp_path / "events"
    monkeypatch.setenv("SDCVIZ_EVENTS", str(events))
    monkeypatch.chdir(tmp_path)
    done = call("animate", product, "--along", "depth", "--time", "March", "--dpi", 50, "--out",
                out, "--json", "--fps", 2)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    steps = [json.loads(line) for line in done.stderr.splitlines()]
    assert steps[-1] == {"done": 3, "total": 3, "text": "Frame 3 of 3"}
    told = json.loads(done.stdout)
    assert (told["frames"], told["along"]) == (3, "depth")
    found = [json.loads(line) for line in events.read_text().splitlines()]
    assert [e["event"] for e in found][-2:] == ["progress", "result"]
    assert found[-1]["report"] == told
    assert (tmp_path / "picture.png").is_file(), "for the mail about the job"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("figure", "{}", "--out", "x.jpg"), "end the name in .png"),
        (("figure", "{}", "--kind", "section", "--out", "x.png"), "needs a line"),
        (("figure", "{}", "--time", "2099-01-01", "--mask", "no", "--out", "x.png"), "Mask"),
        (("animate", "{}", "--along", "lon", "--out", "x.gif"), "expected time or depth"),
        (("animate", "{}", "--out", "x.png"), "end it in .gif or .mp4"),
    ],
)
def test_errors_are_sentences(product: Path, words: tuple[str, ...], sentence: str) -> None:
    result = call(*(str(product) if w == "{}" else w for w in words))
    assert result.exit_code == 2 and sentence in result.stderr
