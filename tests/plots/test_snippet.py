"""Copy as Python: what is copied runs, in a notebook too."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from sdcviz import import_files, open_collection, plots
from sdcviz.errors import BadRequest


@pytest.fixture(scope="module")
def collection(data: Path, tmp_path_factory: pytest.TempPathFactory):
    into = tmp_path_factory.mktemp("snippet") / "ctd"
    import_files([data / "odv" / "ODV_vertical_profiles_ctd.txt"], into)
    return open_collection(into)


def run(code: str) -> dict:
    """Execute a snippet and keep its last value as a notebook shows it."""
    *lines, last = code.strip().splitlines()
    names: dict = {}
    exec("\n".join(lines), names)
    names["shown"] = eval(last, names)
    return names


@pytest.mark.parametrize(
    ("kind", "keys", "colour"),
    [
        ("profiles", ("temperature",), "time"),
        ("ts", ("temperature", "salinity"), "flag"),
        ("time_series", ("salinity",), ""),
        ("seasonal_cycle", ("temperature",), "depth"),
        ("histogram", ("temperature",), "flag"),
        ("scatter", ("derived:sigma0", "depth"), "salinity"),
        ("map", (), ""),
    ],
)
def test_a_snippet_gives_the_same_selection_and_a_plot(collection, kind, keys, colour):
    selection = collection.where(
        rows=np.array([0, 1, 2, 5]), depth=(0, 500), months=(5, 6), time=("2006-05-01", None)
    )
    names = run(plots.snippet(selection, kind, *keys, colour_by=colour))
    again = names["selection"]
    assert again.filters.row_numbers.tolist() == [0, 1, 2, 5]
    assert (again.n_stations, again.n_samples) == (selection.n_stations, selection.n_samples)
    np.testing.assert_array_equal(again.sample_numbers, selection.sample_numbers)
    import holoviews as hv

    hv.render(names["shown"])


def test_everything_needs_no_conditions(collection):
    code = plots.snippet(collection.where(), "histogram", "temperature")
    assert "selection = collection.where()\n" in code
    assert run(code)["selection"].n_stations == 10


def test_rows_are_written_short_and_read_back():
    numbers = np.r_[np.arange(3, 2000), 2100, np.arange(3000, 9000, 3)]

    from sdcviz.plots.snippet import _literals

    text = "".join(eval(line) for line in _literals(numbers))
    np.testing.assert_array_equal(plots.rows(text), numbers)
    assert plots.rows("").tolist() == []
    with pytest.raises(BadRequest, match="'x' is no station row"):
        plots.rows("1-3, x")


def test_an_unknown_plot_is_a_sentence(collection):
    with pytest.raises(BadRequest, match="choose one of map, profiles"):
        plots.snippet(collection.where(), "pie")


@pytest.mark.slow
def test_a_notebook_shows_the_plot(collection, tmp_path):
    code = plots.snippet(collection.where(rows=(0, 3)), "profiles", "temperature")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code)],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = notebook.cells[0].outputs
    assert not [o for o in outputs if o.output_type == "error"]
    pages = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    assert any("Temperature" in page and "bk" in page for page in pages)
