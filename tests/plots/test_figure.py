"""Publication figures: the files are what they say, and hold text as text."""

from __future__ import annotations

import re
import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from sdcviz import plots
from sdcviz.errors import BadRequest, StorageError
from sdcviz.plots.figure import FIGURES

TEMPERATURE = plots.Axis("temperature", "Temperature", "°C", "thermal")
SALINITY = plots.Axis("salinity", "Salinity", "", "haline")
QUANTITIES = {
    "map": (),
    "profiles": (TEMPERATURE,),
    "ts": (TEMPERATURE, SALINITY),
    "time_series": (TEMPERATURE,),
    "seasonal_cycle": (TEMPERATURE,),
    "histogram": (TEMPERATURE,),
    "scatter": (TEMPERATURE, SALINITY),
}


def test_every_kind_is_tested_here():
    assert set(QUANTITIES) == set(FIGURES)


@pytest.mark.parametrize("kind", QUANTITIES)
def test_png_has_the_size_asked_for(few, kind, tmp_path):
    made = plots.figure(few, kind, *QUANTITIES[kind], width=127, height=101.6)
    path = plots.save_figure(made, tmp_path / "figure.png", dpi=100)
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", head[16:24]) == (500, 400)


@pytest.mark.parametrize("kind", ["map", "profiles", "ts"])
def test_svg_holds_text_and_units(few, kind, tmp_path):
    made = plots.figure(few, kind, *QUANTITIES[kind], title="Autumn", caption="5 of 9 stations")
    path = plots.save_figure(made, tmp_path / "figure.svg")
    texts = {t.text for t in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")}
    assert {"Autumn", "5 of 9 stations"} <= texts
    if kind != "map":
        assert "Temperature [°C]" in texts


def test_svg_of_a_map_shows_degrees_and_draws_the_coast(few, tmp_path):
    few["lon"], few["lat"] = few["lon"] + 5, few["lat"] + 2
    path = plots.save_figure(plots.figure(few, "map"), tmp_path / "map.svg")
    svg = path.read_text()
    assert "°E" in svg
    assert "#d6d1c4" in svg, "land"


def test_pdf_embeds_its_letters(few, tmp_path):
    path = plots.save_figure(plots.figure(few, "profiles", TEMPERATURE), tmp_path / "f.pdf")
    pdf = path.read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert b"/FontFile2" in pdf, "TrueType letters, not outlines of type 3"
    assert not re.search(rb"/Subtype\s*/Type3", pdf)


def test_the_same_figure_gives_the_same_bytes(few, tmp_path):
    first, second = (
        plots.save_figure(plots.figure(few, "histogram", TEMPERATURE), tmp_path / n).read_bytes()
        for n in ("a.svg", "b.svg")
    )
    assert first == second


def test_a_cloud_of_points_is_one_picture_inside_the_svg(many, tmp_path):
    made = plots.figure(many, "time_series", TEMPERATURE)
    svg = plots.save_figure(made, tmp_path / "many.svg", dpi=80).read_text()
    assert "<image" in svg
    assert len(svg) < 500_000


def test_depth_goes_down(few):
    low, high = plots.figure(few, "profiles", TEMPERATURE).axes[0].get_ylim()
    assert low > high


def test_nothing_to_draw_is_a_sentence(few):
    few["temperature"] = np.full(50, np.nan)
    few["temperature_flag"] = few["flag"]
    with pytest.raises(BadRequest, match="no sample with Temperature and Depth"):
        plots.figure(few, "profiles", TEMPERATURE)


def test_unknown_kind_and_format_are_sentences(few, tmp_path):
    with pytest.raises(BadRequest, match="choose one of map, profiles"):
        plots.figure(few, "pie")
    with pytest.raises(BadRequest, match=r"end the name in \.png"):
        plots.save_figure(plots.figure(few, "map"), tmp_path / "figure.gif")


def test_a_folder_that_is_not_there_is_a_sentence(few, tmp_path):
    made = plots.figure(few, "histogram", TEMPERATURE)
    with pytest.raises(StorageError, match="can't be written"):
        plots.save_figure(made, tmp_path / "no" / "figure.png")
