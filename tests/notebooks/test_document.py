"""The prepared notebook runs, in a real kernel, with selection, recipe, product and a job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from analysis_runs import scatter, write_recipe_file
from nbclient import NotebookClient
from typer.testing import CliRunner

from sdcviz.analyses import run
from sdcviz.cli import app
from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest
from sdcviz.notebooks import find_place, make_notebook
from sdcviz.notebooks.server import SERVERS
from sdcviz.observations import Filters

JULY = {
    "domain": {"box": [-6, 30, 36.5, 46], "resolution": 1},
    "levels": [0, 20],
    "time": {"years": [1991, 2020], "months": [7]},
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "a'b", stations=600)


def texts(notebook: Any) -> str:
    """Return what the cells printed and showed as text."""
    told = ""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", output
            told += output.get("text", "") + output.get("data", {}).get("text/plain", "") + "\n"
    return told


@pytest.mark.slow
def test_every_cell_runs(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "data"))
    recipe = write_recipe_file(tmp_path, demo, **JULY)
    run(recipe, tmp_path / "p.nc", points=scatter(800, months=[7]), workers=1)
    filters = Filters.of(months=(1, 2, 3), rows=np.arange(0, 400, 3))
    made = make_notebook(demo, filters, recipe, tmp_path / "p.nc")
    nbformat.validate(made)
    NotebookClient(made, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    told = texts(made)
    assert "of 6" in told and "stations" in told
    assert "temperature" in told and "relerr" in told  # the product
    assert "done" in told  # the job
    (html,) = [o["data"]["text/html"] for c in made.cells for o in c.get("outputs", ())
               if "application/vnd.holoviews_exec.v0+json" in o.get("data", {})
               and "text/html" in o["data"]][:1]  # fmt: skip
    assert "bk-" in html or "root" in html or "div" in html


def test_the_same_input_gives_the_same_file(demo: Path) -> None:
    one, two = make_notebook(demo), make_notebook(demo)
    assert nbformat.writes(one) == nbformat.writes(two)
    assert not [cell for cell in one.cells if "recipe" in cell.source.lower()]


def test_what_is_not_there_is_a_sentence(demo: Path, tmp_path: Path) -> None:
    for words in (
        ["--collection", str(tmp_path / "nothing")],
        ["--collection", str(demo), "--recipe", str(tmp_path / "none.yaml")],
    ):
        said = CliRunner().invoke(app, ["notebook", *words])
        assert said.exit_code == 2 and "there is no such file" in said.output


def test_where_it_listens_is_read_with_care(tmp_path: Path) -> None:
    assert find_place(tmp_path) is None
    runtime = tmp_path / SERVERS
    runtime.mkdir(parents=True)
    (runtime / "jpserver-1.json").write_text(
        '{"port": 8899, "base_url": "/n/", "token": "t", "hostname": "127.0.0.1"}'
    )
    broken = runtime / "jpserver-2.json"
    broken.write_text('{"port": 8')
    os.utime(broken, (4e9, 4e9))
    place = find_place(tmp_path, "http://127.0.0.1:1234")
    assert place is not None and (place.url, place.base_url) == ("http://127.0.0.1:8899", "/n/")
    far = find_place(tmp_path, "http://10.0.0.7:4321")
    assert far is not None and far.url == "http://10.0.0.7:4321"


def test_without_jupyter_it_says_so(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sdcviz.notebooks import server

    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match=r"pip install 'sdcviz\[notebook\]'"):
        server.run_jupyter(dict, port=0, host="127.0.0.1", base_url="/", folder=demo, place=demo)
