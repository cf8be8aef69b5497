"""What README.md shows is run here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import hand_made
import pytest
from conftest import ROOT
from typer.testing import CliRunner

import sdcviz
from sdcviz.analyses import example_recipe
from sdcviz.cli import app
from sdcviz.demo import make_demo

README = (ROOT / "README.md").read_text()
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for line in re.findall(r"^sdcviz .*", README.replace("\\\n", " "), re.MULTILINE)
    # A whole product takes minutes: tests/cli/test_divand.py makes a small one, tests/analyses
    # those that are out of date, tests/reviews those that go with a collection. A notebook goes
    # on until it is stopped, and a webhook needs a setting: they have tests of their own.
    if not re.match(
        r"sdcviz (serve|demo|import|vocab|notebook|review)|.* --(send|webhook|outdated|rerun)"
        r"|.*--out product.nc",
        line,
    )
]


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the collection and the table that README.md names."""
    folder = tmp_path_factory.mktemp("readme")
    files = [
        data / "odv/time_series_small.txt",
        data / "sdn_netcdf/netCDF_vertical_profiles_ctd.nc",
    ]
    sdcviz.import_files(files, folder / "my_collection")
    (folder / "table.csv").write_text("time,lon,lat,depth,x\n2001-05-06,3.5,42.5,10,1.25\n")
    for name in ("product.nc", "older.nc"):
        hand_made.product(folder / name)
    return folder


def _begins(lines: str) -> bool:
    """Put first what imports sdcviz: the other lines go on with its names."""
    return not lines.startswith("import sdcviz")


def test_the_python_lines_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, products = sorted(re.findall(r"```python\n(.*?)```", README, re.DOTALL), key=_begins)
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    exec(first, names)
    exec(products, names)
    assert names["p"].variables[0] == "Temperature"  # type: ignore[attr-defined]
    assert names["c"].n_stations == 12  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a demo collection, which the example of a recipe suits."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder / "my_collection", stations=200)
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_the_commands_run(
    folder: Path, demo: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(demo if words[0] == "divand" else folder)
    if "--example" in words:
        Path("recipe.yaml").unlink(missing_ok=True)
    elif "--check" in words:
        hand_made.product(Path("product.nc"))
    elif "recipe.yaml" in words:
        Path("recipe.yaml").write_text(example_recipe())
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr


def test_the_commands_to_start_with_are_shown() -> None:
    assert "make demo" in README
    assert "make test" in README
    assert len(COMMANDS) >= 14
