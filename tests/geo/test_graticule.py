import numpy as np
import pytest

from sdcviz.geo.graticule import degrees_label, graticule, nice_step, scale_bar, view_extent
from sdcviz.geo.projection import distance_km, forward, inverse, mercator

MED = tuple(tuple(v) for v in mercator([-6.0, 36.0], [30.0, 46.0]))


@pytest.mark.parametrize(
    ("value", "axis", "text"),
    [
        (0, "lon", "0°"),
        (12.5, "lon", "12.5°E"),
        (-0.02, "lon", "0.02°W"),
        (190, "lon", "170°W"),
        (-180, "lon", "180°"),
        (45, "lat", "45°N"),
        (-7.25, "lat", "7.25°S"),
        (-0.0, "lat", "0°"),
    ],
)
def test_labels(value, axis, text):
    assert degrees_label(value, axis) == text


def test_steps_are_nice():
    assert [nice_step(s) for s in (360, 42, 10, 1, 0.05)] == [45, 5, 2, 0.2, 0.01]


def test_mercator_view_of_the_mediterranean():
    g = graticule("mercator", *MED)
    assert g.lon.tolist() == [-5, 0, 5, 10, 15, 20, 25, 30, 35]
    assert g.lat.tolist() == [30, 32, 34, 36, 38, 40, 42, 44, 46]
    assert g.label_text[:2] == ["5°W", "0°"] and g.label_text[-1] == "46°N"
    # Every label lies on the frame and on its line.
    bottom = np.array([e == "bottom" for e in g.label_edge])
    assert np.all(g.label_y[bottom] == MED[1][0]) and np.all(g.label_x[~bottom] == MED[0][0])
    assert np.allclose(inverse("mercator", g.label_x, g.label_y)[0][bottom], g.lon)


def test_lines_stay_in_the_view():
    for name, x_range, y_range in [
        ("mercator", *MED),
        ("arctic", (-3e6, 3e6), (-3e6, 3e6)),
        ("arctic", (1e6, 2e6), (-2e6, -1e6)),
    ]:
        g = graticule(name, x_range, y_range)
        assert np.nanmin(g.x) >= x_range[0] - 1e-6 and np.nanmax(g.x) <= x_range[1] + 1e-6
        assert np.nanmin(g.y) >= y_range[0] - 1e-6 and np.nanmax(g.y) <= y_range[1] + 1e-6
        assert len(g.label_x) == len(g.label_y) == len(g.label_text) == len(g.label_edge)


def test_arctic_view_with_the_pole():
    g = graticule("arctic", (-4e6, 4e6), (-4e6, 4e6))
    assert "180°" in g.label_text and "0°" in g.label_text and "80°N" in g.label_text
    assert len(set(g.label_text)) == len(g.label_text)
    # The parallels are circles around the pole.
    x, y = forward("arctic", np.arange(-180.0, 180.0, 30), np.full(12, 80.0))
    assert np.ptp(np.hypot(x, y)) < 1


def test_view_extent_over_the_date_line():
    (x0, x1), (y0, y1) = (-2e6, -1e6), (1.5e6, 2.5e6)
    west, south, east, north = view_extent("arctic", (x0, x1), (y0, y1))
    assert 0 < east - west < 90 and 60 < south < north < 80
    assert view_extent("arctic", (-1e6, 1e6), (-1e6, 1e6))[::2] == (-180, 180)


@pytest.mark.parametrize(
    ("name", "x_range", "y_range"),
    [
        ("mercator", *MED),
        ("mercator", (0, 3000), (7_000_000, 7_002_000)),
        ("arctic", (-2e6, 2e6), (-3e6, 0)),
    ],
)
def test_scale_bar_is_round_and_true(name, x_range, y_range):
    bar = scale_bar(x_range, y_range, name)
    assert f"{bar.km:e}"[0] in "125" and float(f"{bar.km:.0e}") == bar.km
    assert 0.05 < bar.length / (x_range[1] - x_range[0]) <= 0.2001
    x, y = sum(x_range) / 2, sum(y_range) / 2
    lon, lat = inverse(name, np.array([x - bar.length / 2, x + bar.length / 2]), np.array([y, y]))
    assert distance_km(lon[0], lat[0], lon[1], lat[1]) == pytest.approx(bar.km, rel=0.02)


def test_scale_bar_labels():
    assert scale_bar((-2e7, 2e7), (-1e6, 1e6)).label == "5\u202f000 km"
    assert scale_bar((0, 3000), (0, 2000)).label == "500 m"
