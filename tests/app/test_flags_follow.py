"""The Explore tab shows the flags as they stand."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from sdcviz.qc.model import Edits
from sdcviz_app.layers import colouring, layer_of
from sdcviz_app.parts.card import CardPart
from sdcviz_app.parts.filters import FiltersPart
from sdcviz_app.parts.table import TablePart
from sdcviz_app.session import Session


@pytest.fixture
def session(profiles_collection, tmp_path) -> Session:
    shutil.copytree(profiles_collection, tmp_path / "c")
    session = Session()
    session.open(str(tmp_path / "c"))
    session.parameter = "temperature"
    return session


def flag_all(session: Session, row: int, code: str = "4") -> None:
    """Flag all temperatures of a station, as an operator elsewhere does."""
    c = session.data
    n = int(c.offsets[row + 1] - c.offsets[row])
    old = c.flag_at("temperature", row, np.arange(n))
    known = np.flatnonzero((old != ord("9")) & (old != ord(code)))
    edits = Edits.of("temperature", row, known, old[known], code)
    c.journal.write(c, edits, user="ana", reason="spike")
    session.flags_version += 1


def test_colours_and_filters_of_the_map_follow(session):
    session.colour_by = "mean"
    before = colouring(session).values
    assert np.isfinite(before[3])
    session.flags = ("4",)
    none = len(layer_of(session))
    session.flags = ()
    flag_all(session, 3)
    after = colouring(session).values
    assert np.isnan(after[3])
    np.testing.assert_array_equal(np.delete(after, 3), np.delete(before, 3))
    session.colour_by = "flag"
    assert colouring(session).categories[colouring(session).values[3]].startswith("4")
    session.flags = ("4",)
    assert len(layer_of(session)) == none + 1
    assert 3 in session.filtered.rows


def test_what_flags_do_not_touch_is_not_made_again(session):
    session.colour_by = "mean"
    session.parameter = "salinity"
    before = colouring(session)
    flag_all(session, 3)
    assert colouring(session) is before


def test_filters_offer_the_flags_that_there_are(session):
    part = FiltersPart(session=session)
    assert "A" not in [code for code, *_ in part.form.form["flags"]]
    session.flags = ("A",)
    assert part.form.counts[0][0] == "0"
    flag_all(session, 3, "A")
    assert "A" in [code for code, *_ in part.form.form["flags"]]
    assert part.form.counts[0][0] == "1"


def test_the_table_keeps_its_page(session, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.table.PAGE", 3)
    part = TablePart(session=session)
    part._pager.value = 2
    shown = part.table.value
    flag_all(session, 3)
    assert part.table.value is shown, "no flag is in the table, so it stays as it is"
    session.flags = ("4",)
    flag_all(session, 5)
    assert set(part.table.value.index) >= {3, 5}


def test_the_card_shows_them(session):
    session.station = 3
    card = CardPart(session=session)
    assert "4" not in set(card.samples.value.filter(like="lag").stack())
    flag_all(session, 3)
    assert "4" in set(card.samples.value.filter(like="lag").stack())


def test_a_tab_out_of_view_waits(session):
    part = FiltersPart(session=session)
    session.tab = "quality"
    flag_all(session, 3, "A")
    assert "A" not in [code for code, *_ in part.form.form["flags"]]
    session.tab = "explore"
    assert "A" in [code for code, *_ in part.form.form["flags"]]


def test_no_cell_of_the_csv_is_a_formula(tmp_path, data):
    from sdcviz.observations import import_files

    raw = (data / "odv" / "octopus_diap.txt").read_text("cp1252")
    (tmp_path / "a.txt").write_text(raw.replace("DIAPALIS 2", "=1+1"), "cp1252")
    import_files([tmp_path / "a.txt"], tmp_path / "c")
    session = Session()
    session.open(str(tmp_path / "c"))
    text = TablePart(session=session).csv().read().decode()
    assert "'=1+1" in text and ",=1+1" not in text and not text.startswith("=")
    assert ",-21.9" in text
