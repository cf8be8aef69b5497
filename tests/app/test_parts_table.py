"""The table of stations, without a browser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdcviz_app.parts.table import COLUMNS, PAGE, TablePart
from sdcviz_app.session import Session


@pytest.fixture
def session(profiles_collection) -> Session:
    session = Session()
    session.open(str(profiles_collection))
    return session


def test_all_stations_are_listed_until_some_are_selected(session):
    part = TablePart(session=session)
    assert list(part.table.value.index) == list(range(10))
    assert part._words.object.startswith("All: 10 of 10 stations")
    session.select([2, 5])
    assert list(part.table.value.index) == [2, 5]
    assert part._words.object.startswith("Selected: 2 of 10 stations")
    session.brush = np.array([5])
    assert list(part.table.value.index) == [5]
    assert part._words.object.startswith("Brushed: 1 of 10 stations")


def test_code_of_the_data_centre_has_its_name_beside_it(session):
    frame = TablePart(session=session).table.value
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["data_centre"]) == {486}
    assert "Ifremer" in frame["data_centre_name"].iloc[0]


def test_only_one_page_is_ever_held(session, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.table.PAGE", 4)
    part = TablePart(session=session)
    assert part._pager.count == 3
    assert len(part.table.value) == 4
    part._pager.value = 2
    assert list(part.table.value.index) == [8, 9]
    assert PAGE == 20


def test_a_header_sorts_all_stations_not_just_the_page(session, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.table.PAGE", 3)
    part = TablePart(session=session)
    part.table.sorters = [{"field": "samples", "dir": "desc"}]
    c = session.data
    counts = np.diff(c.offsets)
    assert list(part.table.value["samples"]) == sorted(counts, reverse=True)[:3]
    part.table.sorters = []
    assert list(part.table.value.index) == [0, 1, 2]


def test_a_click_opens_the_card_of_that_row(session):
    part = TablePart(session=session)
    session.select([3, 7])
    part._open_card(type("Event", (), {"row": 1})())
    assert session.station == 7


def test_csv_holds_every_listed_station_whatever_the_page(session, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.table.CHUNK", 4)
    part = TablePart(session=session)
    frame = pd.read_csv(part.csv(), index_col="row", dtype={"station": str})
    assert list(frame.index) == list(range(10))
    assert list(frame.columns) == list(COLUMNS)
    assert frame["local_cdi_id"].iloc[0] == session.data.text("local_cdi_id").texts()[0]


def test_a_table_out_of_view_waits(session):
    part = TablePart(session=session, active=False)
    assert part.table is None
    part.active = True
    assert len(part.table.value) == 10
    part.active = False
    session.select([1])
    assert len(part.table.value) == 10
    part.active = True
    assert len(part.table.value) == 1
