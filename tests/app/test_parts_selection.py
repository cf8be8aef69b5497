"""The panel of plots, without a browser."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest

from sdcviz_app.parts import chosen
from sdcviz_app.parts.choice import KINDS, PlotChoice, quantities_of
from sdcviz_app.parts.selection import SelectionPart
from sdcviz_app.session import Session


@pytest.fixture
def session(profiles_collection) -> Session:
    session = Session()
    session.open(str(profiles_collection))
    return session


def test_nothing_is_made_before_something_is_selected(session):
    part = SelectionPart(session=session)
    assert part.pane is None
    assert "Draw a box or lasso" in part._layout[0].object


def test_a_selection_shows_its_profiles_and_says_how_many(session):
    part = SelectionPart(session=session)
    session.select([0, 3, 4])
    assert part.choice.kind == "profiles"
    assert part.choice.x == session.parameter == "temperature"
    assert "All 3 stations of the selection" in part._words.object
    shown = chosen.chosen(session)
    assert shown.n_stations == 3
    assert isinstance(part.pane.object, hv.Overlay | hv.DynamicMap)


def test_filters_narrow_the_selection(session):
    SelectionPart(session=session)
    session.select([0, 1, 2])
    before = chosen.chosen(session).n_samples
    session.depth = (0, 50)
    assert 0 < chosen.chosen(session).n_samples < before


@pytest.mark.parametrize("kind", KINDS)
def test_every_plot_is_drawn(session, kind):
    part = SelectionPart(session=session)
    session.select([0, 1])
    part._kind.value = kind
    assert part.choice.kind == kind
    assert part.choice.complete
    assert not isinstance(part.pane.object, hv.Text)
    hv.render(part.pane.object)
    visible = {name for name, widget in part._axes.items() if widget.visible}
    assert visible == set(KINDS[kind].axes)


def test_diagram_finds_temperature_and_salinity(session):
    part = SelectionPart(session=session)
    session.select([0])
    part._kind.value = "ts"
    assert part.choice.keys == ("temperature", "salinity")


def test_any_parameter_against_any_other_even_computed(session):
    part = SelectionPart(session=session)
    session.select([0])
    part._kind.value = "scatter"
    assert {"depth", "time", "lon", "derived:sigma0"} <= set(part._axes["y"].options.values())
    part._axes["x"].value = "derived:sigma0"
    part._axes["y"].value = "depth"
    part._colour.value = "salinity"
    assert part.choice.keys == ("derived:sigma0", "depth")
    assert part.choice.colour == "salinity"
    drawn = hv.render(part.pane.object)
    assert drawn.y_range.start > drawn.y_range.end


def test_a_box_in_the_plot_brushes_its_stations(session):
    part = SelectionPart(session=session)
    session.select([0, 1, 2, 3])
    whole = {"x0": -99, "x1": 99, "y0": 0, "y1": 1e5}
    part.brush_area(whole)
    assert list(session.brush) == [0, 1, 2, 3]
    deep = [chosen.chosen(session).collection.depth_max[r] for r in range(4)]
    second = sorted(deep)[-2]
    part.brush_area(whole | {"y0": second + 0.1})
    assert list(session.brush) == [int(np.argmax(deep))]
    assert part._unbrush.visible
    assert chosen.shown(session).n_stations == 1


def test_an_empty_box_leaves_the_brush(session):
    part = SelectionPart(session=session)
    session.select([0, 1])
    session.brush = np.array([1])
    part.brush_area({"x0": 90, "x1": 99, "y0": 0, "y1": 1})
    assert list(session.brush) == [1]
    assert "No sample lies in that area" in part._words.object


def test_a_new_selection_drops_the_brush(session):
    SelectionPart(session=session)
    session.select([0, 1])
    session.brush = np.array([1])
    session.select([2])
    assert session.brush is None


def test_the_plot_listens_once_to_what_is_drawn(session):
    part = SelectionPart(session=session)
    session.select([0, 1])
    drawn = hv.render(part.pane.object)
    assert {"selectiongeometry", "reset"} <= set(drawn.subscribed_events)
    assert len(drawn._event_callbacks["selectiongeometry"]) == 1


def test_clearing_shows_the_hint_again(session):
    part = SelectionPart(session=session)
    session.select([0, 1])
    session.select([])
    assert "Draw a box or lasso" in part._layout[0].object


def test_too_many_samples_are_drawn_when_asked_for(session, monkeypatch):
    monkeypatch.setattr("sdcviz_app.parts.selection.AT_ONCE", 10)
    part = SelectionPart(session=session)
    session.select([0])
    assert isinstance(part.pane.object, hv.Text)
    assert part._draw_all.visible
    part._be_patient(None)
    assert not isinstance(part.pane.object, hv.Text)


def test_choice_follows_the_parameter_of_the_map(session):
    part = SelectionPart(session=session)
    session.select([0])
    session.parameter = "salinity"
    assert part.choice.x == "salinity"
    assert part._axes["x"].value == "salinity"


def test_colour_that_a_kind_does_not_have_is_the_usual_one():
    choice = PlotChoice(kind="profiles", colour_by="depth")
    assert choice.colour == "station"
    choice.kind = "ts"
    assert choice.colour == "depth"


def test_titles_on_the_chooser_are_distinct(session):
    titles = quantities_of(session.data)
    assert len(titles) == len(set(titles.values()))
    assert titles["Temperature [°C]"] == "temperature"
