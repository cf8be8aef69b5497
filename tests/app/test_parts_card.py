"""The station card, without a browser."""
# ruff: noqa: RUF001 (minutes are written with a prime)

from __future__ import annotations

import holoviews as hv
import pytest

from sdcviz import import_files
from sdcviz_app.parts.card import CardPart, facts_html, notes_html
from sdcviz_app.parts.degrees import position
from sdcviz_app.session import Session


@pytest.fixture
def session(profiles_collection) -> Session:
    session = Session()
    session.open(str(profiles_collection))
    return session


@pytest.mark.parametrize(
    ("lon", "lat", "text"),
    [
        (-10.299833, 40.334, "40° 20.04′ N, 10° 17.99′ W (40.33400, -10.29983)"),
        (3.0, -0.5, "0° 30.00′ S, 3° 00.00′ E (-0.50000, 3.00000)"),
        (179.99999, 9.9999999, "10° 00.00′ N, 180° 00.00′ E (10.00000, 179.99999)"),
        (None, 4.0, ""),
    ],
)
def test_positions_in_degrees_and_minutes(lon, lat, text):
    assert position(lon, lat) == text


def test_a_card_is_made_when_a_station_is_asked_for(session):
    part = CardPart(session=session)
    assert "Tap a station" in part._layout[0].object
    session.station = 0
    card = part._facts.object
    for text in (
        "OVIDE 3",
        "2006-05-26 09:39",
        "40° 20.04′ N",
        "(EDMO 486)",
        "3898 m",
        "no quality",
    ):
        assert text in card
    assert len(part.samples.value) == 3953


def test_the_card_links_to_the_cdi_record_and_does_not_open_it(session):
    html = facts_html(session.data.station(0))
    assert (
        'href="https://cdi.seadatanet.org/report/edmo/486/FI35200653001_00010_H10" '
        'target="_blank" rel="noopener noreferrer"' in html
    )
    assert "<script" not in html and "<img" not in html


def test_parameters_have_names_beside_codes(session):
    html = notes_html(session.data.station(0))
    assert "Temperature of the water body (TEMPPR01)" in html
    assert "in the file TEMP [Celsius degree]" in html
    assert "Nothing odd in ODV_vertical_profiles_ctd.txt" in html


def test_texts_of_files_are_escaped(session):
    card = session.data.station(0) | {
        "cruise": "<b>x</b>", "extra": {"<i>": "http://a/\"><script>"},
        "oddities": ["line 3: <img src=x>"], "raw_text": [{"sample": 0, "key": "t", "text": "<u>"}],
    }  # fmt: skip
    html = facts_html(card) + notes_html(card)
    for tag in ("<b>x", "<i>", "<script", "<img", "<u>"):
        assert tag not in html


def test_the_plot_of_the_station_is_drawn(session):
    part = CardPart(session=session)
    session.station = 2
    assert part._parameter.value == "temperature"
    hv.render(part._plot.object)
    part._parameter.value = "salinity"
    assert hv.render(part._plot.object).xaxis[0].axis_label.startswith("Salinity")


def test_neighbours_are_listed_and_lead_to_their_cards(session):
    part = CardPart(session=session)
    session.station = 0
    part.radius.value = 200.0
    rows, _ = session.data.near(session.data.lon[0], session.data.lat[0], 200.0)
    listed = part.neighbours.value
    assert list(listed.index) == [r for r in rows if r != 0]
    assert listed["km"].is_monotonic_increasing
    assert f"{len(rows) - 1} station" in part._near_words.object
    part._visit(type("Event", (), {"row": 0})())
    assert session.station == listed.index[0]
    part.radius.value = 0.0
    assert not part.neighbours.visible


def test_stations_that_share_a_cdi_are_all_named(data, tmp_path):
    source = data / "odv" / "ODV_vertical_profiles_ctd.txt"
    copies = []
    for name in ("first.txt", "second.txt"):
        copies.append(tmp_path / name)
        # One more comment makes it another file with the same stations.
        copies[-1].write_bytes(b"//" + name.encode() + b"\r\n" + source.read_bytes())
    import_files(copies, tmp_path / "twice")
    session = Session()
    session.open(str(tmp_path / "twice"))
    part = CardPart(session=session)
    session.station = 0
    words, button = part._same
    assert words.object == "2 stations share this LOCAL_CDI_ID."
    button.clicks += 1
    cdi = session.data.text("local_cdi_id").texts()
    assert len(session.selection) == 2
    assert len({cdi[r] for r in session.selection}) == 1
