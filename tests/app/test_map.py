"""The map and its filters, without a browser: what a choice does to the session and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sdcviz.geo.projection import forward
from sdcviz_app.layers import colouring, layer_of
from sdcviz_app.parts.filters import FiltersPart
from sdcviz_app.parts.map import MapPart
from sdcviz_app.parts.map_bar import MapBar
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def mixed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import stations of the North Atlantic, the Black Sea and the Indian Ocean."""
    from sdcviz import import_files

    into = tmp_path_factory.mktemp("collection") / "mixed"
    names = ["ODV_vertical_profiles_ctd.txt", "BlackSea_2profiles.txt", "octopus_diap.txt"]
    files = [*(data / "odv" / name for name in names), data / "wod" / "wod_quota_subset.dat"]
    import_files(files, into, name="Mixed")
    return into


@pytest.fixture
def session(mixed: Path) -> Iterator[Session]:
    session = Session()
    session.open(str(mixed))
    yield session


@pytest.fixture
def shown(session: Session) -> MapPart:
    """Make a map that a browser has given a size."""
    part = MapPart(session=session)
    sized(part)
    return part


def sized(part: MapPart, width: int = 800, height: int = 500) -> None:
    """Tell the size of the figure as the browser does: Python may not set it."""
    part._chart.figure.set_from_json("inner_width", width)
    part._chart.figure.set_from_json("inner_height", height)
    part._resized()


def lasso(part: MapPart, corners: Any, shift: bool = False) -> None:
    lon, lat = np.array(corners, float).T
    x, y = forward(part.session.projection, lon, lat)
    part._chart.keys.data = {"shift": [shift]}
    part._select(SimpleNamespace(final=True, geometry={"type": "poly", "x": x, "y": y}))


BLACK_SEA = [(27, 41), (42, 41), (42, 47), (27, 47)]


def test_all_stations_with_a_position_are_in_view_at_first(shown: MapPart) -> None:
    view, layer = shown._chart.view(), layer_of(shown.session)
    assert layer is not None and shown.session.data is not None
    placed = np.isfinite(shown.session.data.lon).sum()
    assert len(layer.within(view.x0, view.x1, view.y0, view.y1)) == len(layer) == placed
    assert shown.session.extent is not None


def test_a_few_wrong_positions_do_not_decide_what_is_shown_first(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = MapPart(session=session)
    monkeypatch.setattr("sdcviz_app.parts.map.MANY", 50)
    monkeypatch.setattr("sdcviz_app.parts.map.OUTER", 0.1)
    part._restart()
    sized(part)
    first = part._chart.view()
    part.fit()
    whole, layer = part._chart.view(), layer_of(session)
    assert layer is not None
    assert first.x1 - first.x0 < whole.x1 - whole.x0
    assert len(layer.within(*whole.box)) == len(layer)


def test_a_metre_is_as_long_both_ways(shown: MapPart) -> None:
    for size in ((800, 500), (300, 700)):
        sized(shown, *size)
        view = shown._chart.view()
        per_pixel = (view.y1 - view.y0) / view.height
        assert per_pixel == pytest.approx(view.pixel, rel=0.01)


def test_a_lasso_selects_all_stations_inside_it_whatever_the_zoom(shown: MapPart) -> None:
    data = shown.session.data
    assert data is not None
    lasso(shown, BLACK_SEA)
    inside = (data.lon > 27) & (data.lon < 42) & (data.lat > 41) & (data.lat < 47)
    assert inside.sum() > 0
    assert np.array_equal(shown.session.selection, np.flatnonzero(inside))


def test_shift_adds_to_the_selection(shown: MapPart) -> None:
    lasso(shown, BLACK_SEA)
    first = set(shown.session.selection)
    lasso(shown, [(-60, 20), (0, 20), (0, 70), (-60, 70)], shift=True)
    assert first < set(shown.session.selection)


def test_a_selection_keeps_to_the_filters(shown: MapPart) -> None:
    data = shown.session.data
    assert data is not None
    day = str(data.time[np.flatnonzero(data.lat > 41)[0]].astype("M8[D]"))
    shown.session.param.update(time=(day, day))
    lasso(shown, [(-179, -80), (179, -80), (179, 80), (-179, 80)])
    selected = shown.session.filtered
    assert selected is not None
    assert np.array_equal(shown.session.selection, selected.rows)


def test_a_tap_opens_the_nearest_station(shown: MapPart) -> None:
    data = shown.session.data
    assert data is not None
    row = 5
    x, y = forward("mercator", data.lon[[row]], data.lat[[row]])
    near = data.near(data.lon[row], data.lat[row], 1)[0]
    shown._tap(SimpleNamespace(x=float(x[0]), y=float(y[0]), modifiers={"shift": False}))
    assert shown.session.station in near
    assert list(shown.session.selection) == [shown.session.station]


def test_the_hint_tells_the_true_count(shown: MapPart) -> None:
    data, layer = shown.session.data, layer_of(shown.session)
    assert data is not None and layer is not None
    x, y = float(layer.x[0]), float(layer.y[0])
    _, count = layer.nearest(x, y, 6 * shown._chart.view().pixel)
    shown._chart.pointer.data = {"x": [x], "y": [y]}
    assert ("stations, nearest" in shown.hint) == (count > 1)
    assert (f"{count} stations" in shown.hint) == (count > 1)


def test_stations_in_the_middle_of_the_map_are_drawn(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from sdcviz import import_files

    folder = tmp_path_factory.mktemp("middle") / "two"
    import_files([data / "odv" / "BlackSea_2profiles.txt"], folder)
    session = Session()
    session.open(str(folder))
    part = MapPart(session=session)
    # Both lie on one parallel, which stays the border of two lines of pixels.
    for width, height in ((1336, 688), (1336, 640), (1036, 640)):
        sized(part, width, height)
        assert len(part._chart._dots.data["x"]) == 2


@pytest.mark.parametrize("by", ["count", "mean", "year", "data centre", "flag"])
def test_every_colouring_draws_and_is_explained(shown: MapPart, by: str) -> None:
    shown.session.colour_by = by
    visible = [key for key in shown._chart.key.shown.values() if key.visible]
    drawn = len(shown._chart._dots.data["x"]) or len(shown._chart._pixels.data["image"])
    assert drawn
    assert len(visible) == 1
    assert len(set(shown._chart.key.mapper.palette)) > 1


def test_mean_temperature_is_that_of_the_samples(session: Session) -> None:
    session.param.update(colour_by="mean", parameter="temperature", depth=(0, 50))
    data, found = session.data, colouring(session)
    assert data is not None and found.values is not None
    row = next(r for r in range(data.n_stations) if np.isfinite(found.values[r]))
    profile = data.profile(row)
    upper = profile[(profile["depth"] <= 50)]
    good = upper[upper["temperature_flag"].isin(["0", "1", "2"])]["temperature"]
    assert found.values[row] == pytest.approx(good.mean(), rel=1e-5)
    assert "0 to 50 m" in found.title


def test_the_arctic_map_shows_only_what_lies_north(shown: MapPart) -> None:
    shown.session.param.update(projection="arctic", extent=None)
    layer = layer_of(shown.session)
    data = shown.session.data
    assert layer is not None and data is not None
    assert data.lat[layer.rows].min() >= 35
    assert len(layer) < data.n_stations


def test_a_link_s_extent_is_shown(session: Session) -> None:
    session.extent = (0.0, 30.0, 20.0, 45.0)
    part = MapPart(session=session)
    sized(part)
    west, south, east, north = part.session.extent or (0, 0, 0, 0)
    assert west <= 0 and south <= 30 and east >= 20 and north >= 45
    assert east - west < 60


def test_dark_and_light_have_their_own_ground(shown: MapPart) -> None:
    light = shown._chart._lands.fill_color
    shown.session.dark = True
    assert shown._chart._lands.fill_color != light


# ---- filters ---------------------------------------------------------------


def test_the_form_offers_what_the_collection_has(session: Session) -> None:
    part = FiltersPart(session=session)
    form = part.form.form
    data = session.data
    assert data is not None
    assert {"time", "depth", "value", "flags", "has"} <= set(form)
    assert sum(form["time"]["heights"]) == (~np.isnat(data.time)).sum()
    assert form["depth"]["edges"][0] <= 0 or form["depth"]["edges"][0] < 50
    assert len(form["value"]["heights"]) == len(form["value"]["edges"]) - 1
    flags = data.parameter("temperature").flags
    assert {code for code, *_ in form["flags"]} == {c for c in flags if c != "9"}


def test_choices_of_the_form_filter_and_are_counted(session: Session) -> None:
    part = FiltersPart(session=session)
    part._take({"time": ["1990-01-01", "2010-12-31"]})
    part._take({"depth": [0, 100]})
    part._take({"months": [9, 6]})
    assert session.months == (6, 9)
    selected, data = session.filtered, session.data
    assert selected is not None and data is not None
    assert 0 < selected.n_stations < data.n_stations
    assert part.form.counts[0][0] == f"{selected.n_stations:,}".replace(",", "\u202f")
    assert part.form.state["filtered"] is True
    part._take({"clear": True})
    assert not session.is_filtered
    assert part.form.counts[0][0] == part.form.counts[0][1]


def test_the_form_takes_nothing_but_filters(session: Session) -> None:
    part = FiltersPart(session=session)
    before = session.collection
    part._take({"collection": ["/etc"], "dark": [1]})
    assert session.collection == before and session.dark is False


def test_a_day_range_of_the_link_is_shown_with_its_last_day(session: Session) -> None:
    part = FiltersPart(session=session)
    session.time = ("2001", "2002-03")
    first, last = (np.datetime64(int(v), "ms") for v in part.form.state["time"])
    assert str(first.astype("M8[D]")) == "2001-01-01"
    assert str(last.astype("M8[D]")) == "2002-04-01"


def test_the_drawn_area_can_be_kept_and_dropped(shown: MapPart) -> None:
    part = FiltersPart(session=shown.session)
    lasso(shown, BLACK_SEA)
    area = shown.area()
    assert area is not None
    shown.session.param.update(polygon=area)
    selected = shown.session.filtered
    assert selected is not None
    assert np.array_equal(selected.rows, shown.session.selection)
    assert part.form.state["area"] is True
    part._take({"area": None})
    assert shown.session.polygon is None


# ---- the bar over the map ----------------------------------------------------


def test_a_colour_range_is_kept_until_it_is_dropped(shown: MapPart) -> None:
    bar = MapBar(session=shown.session, map=shown)
    bar._take({"colour_by": "mean"})
    bar._take({"clim": [5, 25]})
    assert shown.session.clim == (5, 25)
    assert bar.form.state["clim"] == [5, 25]
    assert shown._chart.key.shown["value"].color_mapper.low == 5
    bar._take({"clim": None})
    assert shown.session.clim is None


def test_another_parameter_drops_ranges_that_meant_the_old_one(shown: MapPart) -> None:
    bar = MapBar(session=shown.session, map=shown)
    shown.session.param.update(value=(5.0, 10.0), flags=("1",), clim=(0.0, 1.0))
    bar._take({"parameter": "salinity"})
    assert (shown.session.value, shown.session.flags, shown.session.clim) == (None, (), None)
    assert bar.form.state["parameter"] == "salinity"


def test_the_map_turns_to_the_arctic_and_back(shown: MapPart) -> None:
    bar = MapBar(session=shown.session, map=shown)
    bar._take({"turn": True})
    assert shown.session.projection == "arctic"
    bar._take({"turn": True})
    assert shown.session.projection == "mercator"
