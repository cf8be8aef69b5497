"""Layouts: the ones that come along, and the sentences about mistakes in one's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from sdcviz.errors import BadRequest
from sdcviz.vocabularies import quantities
from sdcviz_app.layouts import read_layout
from sdcviz_app.shell import TABS

FILES = {f.name for f in files("sdcviz_layouts").iterdir() if f.name.endswith(".yaml")}
NAMES = sorted(name[:-5] for name in FILES - {"checks.yaml"})


@pytest.mark.parametrize("name", NAMES)
def test_layouts_name_tabs_and_parameters_that_there_are(name: str) -> None:
    layout = read_layout(name)
    assert layout.title
    assert set(layout.tabs) <= set(TABS)
    assert {key.split("_umol")[0] for key in layout.parameters} <= set(quantities())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title: A\ntab: [explore]\n", "tab"),
        ("title: A\ntabs: [explore]\ncolours:\n  ph: {range: [9, 7]}\n", "colours.ph.range"),
        ("title: A\ntabs: [explore]\ncolours:\n  ph: {map: rainboww}\n", "rainboww"),
        ("title: [", "is no YAML"),
        ("", "own.yaml"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(BadRequest, match=sentence.replace(".", r"\.")):
        read_layout(str(path))


def test_an_unknown_layout_names_those_that_there_are() -> None:
    with pytest.raises(BadRequest, match="temperature_salinity"):
        read_layout("biologie")
