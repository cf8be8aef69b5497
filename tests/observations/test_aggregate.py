"""What the map draws: counts, means and categories of pixels against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdcviz.formats.model import L20
from sdcviz.observations.aggregate import BLOCK, MapLayer, View, dominant_flags
from sdcviz.observations.colour_index import count_index, fill_gaps, value_index


@pytest.fixture(scope="module")
def layer() -> MapLayer:
    """Make clusters of stations in an order in which neighbours are close."""
    rng = np.random.default_rng(1)
    n = 3 * BLOCK + 77
    centre = np.sort(rng.integers(0, 40, n))
    x = (centre * 1000 + rng.normal(0, 300, n)).astype(np.float32)
    y = rng.normal(0, 5000, n).astype(np.float32)
    return MapLayer(x, y, np.arange(n) * 2)


VIEW = View(9_000.0, 21_000.0, -4_000.0, 8_000.0, 60, 40)


def expected(layer: MapLayer, view: View, weights: np.ndarray | None = None) -> np.ndarray:
    grid, _, _ = np.histogram2d(
        layer.y, layer.x, bins=(view.height, view.width),
        range=((view.y0, view.y1), (view.x0, view.x1)), weights=weights,
    )  # fmt: skip
    return grid


def test_counts_are_those_of_all_stations_in_view(layer: MapLayer) -> None:
    counts = layer.count(VIEW)
    assert counts.shape == (40, 60)
    inside = layer.within(VIEW.x0, VIEW.x1, VIEW.y0, VIEW.y1)
    assert counts.sum() == len(inside) == layer.number(VIEW)
    # A station on the border of two pixels may fall to either.
    assert np.abs(counts - expected(layer, VIEW)).sum() <= 4


@given(
    middle=st.tuples(st.floats(-2e7, 2e7), st.floats(-1e7, 1e7)),
    reach=st.floats(1_000, 100_000),
    half=st.tuples(st.integers(100, 900), st.integers(100, 600)),
    place=st.tuples(st.integers(-90, 90), st.integers(-90, 90)),
)
def test_a_station_is_counted_in_the_pixel_that_is_told(middle, reach, half, place) -> None:
    # On the border of pixels, as the middle of a view is; with all digits and as it is kept.
    width, height = 2 * half[0], 2 * half[1]
    high = reach * height / width
    view = View(middle[0] - reach, middle[0] + reach, middle[1] - high, middle[1] + high,
                width, height)  # fmt: skip
    x = np.float32([middle[0], middle[0] + place[0] * view.pixel])
    y = np.float32([middle[1], middle[1] + place[1] * view.pixel])
    layer = MapLayer(x, y, np.arange(2))
    inside = layer.within(*view.box)
    assert len(inside) == 2
    assert (layer.count(view)[layer.pixels(view, inside)] > 0).all()


def test_means_leave_out_missing_values(layer: MapLayer) -> None:
    values = np.linspace(-2, 30, len(layer)).astype(np.float32)
    values[::7] = np.nan
    of_collection = np.full(2 * len(layer), 99, np.float32)
    of_collection[layer.rows] = values
    known = ~np.isnan(values)
    rest = MapLayer(layer.x[known], layer.y[known], layer.rows[known])
    mean = layer.mean(VIEW, of_collection)
    some = expected(rest, VIEW) > 0
    truth = expected(rest, VIEW, values[known])[some] / expected(rest, VIEW)[some]
    assert np.isnan(mean[~some]).all()
    assert np.isclose(mean[some], truth, rtol=1e-3).mean() > 0.995


def test_the_commonest_category_wins(layer: MapLayer) -> None:
    codes = (np.arange(len(layer)) % 3 == 0).astype(np.uint8)
    of_collection = np.zeros(2 * len(layer), np.uint8)
    of_collection[layer.rows] = codes
    best = layer.dominant(VIEW, of_collection, 2)
    first, second = (expected(layer, VIEW, (codes == c).astype(float)) for c in (0, 1))
    clear = np.abs(first - second) > 2
    assert (best[clear] == np.where(first > second, 1, 2)[clear]).all()
    assert (best[layer.count(VIEW) == 0] == 0).all()


@given(st.floats(-2000, 42_000), st.floats(0, 9000), st.floats(-9000, 9000), st.floats(0, 9000))
def test_no_station_in_a_rectangle_is_missed(x0: float, w: float, y0: float, h: float) -> None:
    rng = np.random.default_rng(2)
    n = BLOCK + 500
    x = np.sort(rng.uniform(0, 40_000, n)).astype(np.float32)
    y = rng.normal(0, 4000, n).astype(np.float32)
    found = MapLayer(x, y, np.arange(n)).within(x0, x0 + w, y0, y0 + h)
    inside = (x >= x0) & (x <= x0 + w) & (y >= y0) & (y <= y0 + h)
    assert np.array_equal(found, np.flatnonzero(inside))


def test_nearest_counts_within_reach_and_names_the_row(layer: MapLayer) -> None:
    at = 1234
    row, count = layer.nearest(float(layer.x[at]), float(layer.y[at]), 200.0)
    assert row == layer.rows[at]
    distance = np.hypot(layer.x - layer.x[at], layer.y - layer.y[at])
    assert count == (distance <= 200).sum() > 1
    assert layer.nearest(9e6, 9e6, 200.0) == (None, 0)


def test_a_layer_without_stations_draws_nothing() -> None:
    nothing = np.empty(0, np.float32)
    layer = MapLayer(nothing, nothing, np.empty(0, np.int64))
    assert layer.bounds is None
    assert layer.count(VIEW).sum() == 0
    assert layer.within(0, 1, 0, 1).size == 0


def test_count_colours_run_from_one_to_the_most() -> None:
    index, most = count_index(np.array([[0, 1, 10, 100]], np.uint32))
    assert most == 100
    assert index.tolist() == [[0, 1, 128, 255]]


def test_count_colours_of_a_huge_pixel_need_no_huge_table() -> None:
    index, most = count_index(np.array([[0, 1, 5_000_000]], np.uint32))
    assert (index.tolist(), most) == ([[0, 1, 255]], 5_000_000)


def test_value_colours_clip_at_the_ends_and_leave_out_missing() -> None:
    values = np.array([np.nan, -50, 0, 5, 10, 50], np.float32)
    assert value_index(values, 0, 10).tolist() == [0, 1, 1, 128, 255, 255]


def test_gaps_are_filled_from_neighbours_but_nothing_is_painted_over() -> None:
    index = np.zeros((5, 5), np.uint8)
    index[2, 2], index[2, 3] = 9, 4
    wide = fill_gaps(index)
    assert (wide[2, 2], wide[2, 3]) == (9, 4)
    assert wide[1, 2] == wide[3, 2] == wide[2, 1] == 9
    assert wide[2, 4] == 4
    assert wide[0, 0] == 0
    corner = np.zeros((2, 2), np.uint8)
    corner[0, 0] = 1
    assert fill_gaps(corner, 2).tolist() == [[1, 1], [1, 1]]


def test_the_dominant_flag_of_a_station_ignores_missing_values() -> None:
    flags = np.frombuffer(b"112499944", np.uint8)
    found = dominant_flags(flags, np.array([0, 4, 7, 7, 9]))
    assert [L20[f] for f in found] == ["1", "9", "9", "4"]


def test_values_of_fewer_stations_than_the_collection_has_are_refused(layer: MapLayer) -> None:
    with pytest.raises(IndexError, match="up to row"):
        layer.mean(VIEW, np.zeros(len(layer), np.float32))
