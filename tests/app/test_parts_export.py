"""The export menu, without a browser: the files are real."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sdcviz import import_files, open_collection
from sdcviz.errors import NotFound
from sdcviz_app import downloads
from sdcviz_app.parts.export import DATA, FIGURES, ExportPart, caption
from sdcviz_app.parts.selection import SelectionPart
from sdcviz_app.session import Session


@pytest.fixture
def session(profiles_collection) -> Session:
    session = Session()
    session.open(str(profiles_collection))
    return session


def finished(part: ExportPart):
    """Wait for the writer and return the file that is offered."""
    return downloads.find(part.writer.address.rpartition("/")[2])


@pytest.mark.parametrize("title", DATA)
def test_data_hold_what_is_shown(session, title, tmp_path):
    part = ExportPart(session=session)
    session.select([1, 4, 6])
    session.depth = (0, 100)
    part.open()
    expected = session.filtered.collection.where(session.filters, rows=(1, 4, 6))
    assert f"Selected: 3 of 10 stations, {expected.n_samples}" in part._what.object.replace(
        "\N{NARROW NO-BREAK SPACE}", ""
    )
    part.form.value = title
    part.write_data()
    path = finished(part)
    assert path.name.startswith("Ovide_3_3_stations")
    assert f'href="{part.writer.address}"' in part.writer.result.object
    report = import_files([path], tmp_path / "again")
    assert (report.stations, report.samples) == (3, expected.n_samples)
    again = open_collection(tmp_path / "again").where().samples("temperature")
    np.testing.assert_allclose(
        np.sort(again["value"]), np.sort(expected.samples("temperature")["value"]), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("title", "magic"), [*zip(FIGURES, (b"\x89PNG", b"<?xml", b"%PDF"), strict=True)]
)
def test_figures_are_of_their_format(session, title, magic):
    plots = SelectionPart(session=session)
    part = ExportPart(session=session, choice=plots.choice)
    session.select([1, 4])
    part.open()
    part.figure_form.value = title
    part.write_figure()
    path = finished(part)
    assert path.read_bytes().startswith(magic)
    assert path.name == "Ovide_3_profiles" + FIGURES[title]


def test_map_of_the_stations(session):
    part = ExportPart(session=session)
    part.open()
    part.picture.value = "map"
    part.figure_form.value = "SVG"
    part.write_figure()
    svg = finished(part).read_text()
    assert "Ifremer" in svg
    assert "10 of 10 stations" in svg.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_caption_names_counts_and_originators(session):
    text = caption(session.filtered)
    assert "10 of 10 stations" in text
    assert "Ifremer / IDM / SISMER, France (10)" in text
    assert "Ovide 3" in text


def test_python_repeats_the_plot(session):
    plots = SelectionPart(session=session)
    part = ExportPart(session=session, choice=plots.choice)
    session.select([0, 1, 2, 7])
    session.months = (5, 6)
    plots._kind.value = "ts"
    part.open()
    code = part.snippet()
    assert "0-2, 7" in code and "months=(5, 6)" in code
    names: dict = {}
    *lines, last = code.strip().splitlines()
    exec("\n".join(lines), names)
    assert list(names["selection"].rows) == [0, 1, 2, 7]
    plot = eval(last, names)
    assert "Points" in str(plot) or "Image" in str(plot)
    assert part.python.object == f"```python\n{code}```"


def test_a_failure_is_told_in_a_sentence(session, monkeypatch, tmp_path):
    part = ExportPart(session=session)
    part.open()
    part.form.value = "NetCDF (CF)"
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(downloads, "new_folder", lambda: tmp_path / "file")
    part.write_data()
    assert "href" not in part.writer.result.object
    assert re.search("written", part.writer.result.object)
    assert not part.writer.busy


def test_a_new_export_removes_the_old_file(session):
    part = ExportPart(session=session)
    part.open()
    part.form.value = "NetCDF (CF)"
    part.write_data()
    first = finished(part)
    part.write_data()
    assert finished(part) != first
    assert not first.exists()


def test_an_unknown_download_is_not_found():
    with pytest.raises(NotFound, match="export again"):
        downloads.find("0" * 32)
