"""``sdcviz qc climatology``: which gridded file is used, or how to name one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sdcviz.cli import app
from sdcviz.demo import make_demo
from sdcviz.settings import get_settings


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("climatology") / "demo", stations=60)


def run(*arguments: str) -> tuple[str, str]:
    get_settings.cache_clear()
    done = CliRunner().invoke(app, ["qc", "climatology", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout, done.stderr


@pytest.fixture(autouse=True)
def as_before():
    yield
    get_settings.cache_clear()


def test_without_one_it_tells_how_to_name_it(demo: Path) -> None:
    out, told = run(str(demo))
    assert not out
    assert "the setting 'climatology'" in told and "config.toml" in told
    assert json.loads(run(str(demo), "--json")[0])["climatologies"] == []


def test_it_tells_what_is_used(demo: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = data / "grid" / "levitus_climatology.cdf"
    monkeypatch.setenv("SDCVIZ_CLIMATOLOGY", str(file))
    found = json.loads(run(str(demo), "--json")[0])["climatologies"]
    assert {r["parameter"]: r["variable"] for r in found} == {
        "temperature": "TEMP", "salinity": "SALT",
    }  # fmt: skip
    out, _ = run(str(demo))
    assert "levitus_climatology.cdf" in out and "SALT" in out


def test_what_can_not_be_used_is_told(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDCVIZ_CLIMATOLOGY", str(tmp_path / "gone.nc"))
    assert "There is no gridded file" in run(str(demo))[1]
