import numpy as np
import pytest
import shapely

from sdcviz.errors import BadRequest
from sdcviz.geo.build_coast import decode_topojson
from sdcviz.geo.coast import (
    EUROPE,
    coast,
    coast_lines,
    coast_shape,
    resolution_for,
)
from sdcviz.geo.projection import PROJECTIONS, forward

SEA = {
    "Black Sea": (34.0, 43.0),
    "Sea of Azov": (36.5, 46.0),
    "Marmara": (28.2, 40.7),
    "Gibraltar": (-5.6, 35.95),
    "Adriatic": (15.0, 43.0),
    "Baltic": (19.5, 57.5),
    "North Pole": (0.0, 89.99),
}
CASPIAN = (51.0, 41.0)
LAND = {"Paris": (2.3, 48.8), "Corsica": (9.1, 42.1), "Cyprus": (33.1, 35.0), "Crete": (24.9, 35.2)}


def in_rings(x, y, px, py):
    """Count ring crossings as the canvas does with the even-odd rule."""
    inside = False
    for ring in np.split(np.column_stack([x, y]), np.flatnonzero(np.isnan(x))):
        ring = ring[np.isfinite(ring[:, 0])]
        if len(ring):
            a, b = ring, np.roll(ring, -1, axis=0)
            crosses = (a[:, 1] > py) != (b[:, 1] > py)
            a, b = a[crosses], b[crosses]
            at = a[:, 0] + (py - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
            inside ^= bool((at > px).sum() % 2)
    return inside


@pytest.mark.parametrize("name", ["mercator", "arctic"])
@pytest.mark.parametrize("resolution", ["110m", "50m", "10m"])
def test_sea_is_sea_and_land_is_land(name, resolution):
    x, y = coast(name, resolution)
    places = dict(SEA)
    if name == "mercator" and resolution == "10m":
        del places["North Pole"]
    if resolution != "10m":
        places["Caspian Sea"] = CASPIAN
    for place, (lon, lat) in places.items():
        if (name, lat < 40) == ("arctic", True):
            continue
        (px,), (py,) = forward(name, [lon], [lat])
        assert not in_rings(x, y, px, py), place
    for place, (lon, lat) in LAND.items():
        if name == "arctic" and lat < 41:
            continue
        if resolution == "110m" and place != "Paris":
            continue
        (px,), (py,) = forward(name, [lon], [lat])
        assert in_rings(x, y, px, py), place


@pytest.mark.parametrize("resolution", ["110m", "50m", "10m"])
def test_shape_in_degrees_is_valid(resolution):
    shape = coast_shape(resolution)
    assert shapely.make_valid(shape).area == pytest.approx(shape.area, rel=1e-5)
    # A lost or inverted ring would show; 21 500 is what two other coastlines have.
    if resolution == "10m":
        assert shape.bounds == EUROPE
    else:
        assert shape.area == pytest.approx(21_460, rel=0.05)


def test_lakes_are_wound_against_their_outline():
    x, y = (values.astype(np.float64) for values in coast("mercator", "50m"))
    ends = np.flatnonzero(np.isnan(x))
    rings = [(a[:-1], b[:-1]) for a, b in zip(np.split(x, ends + 1), np.split(y, ends + 1))]  # noqa: B905
    areas = [np.sum(a * np.roll(b, -1) - np.roll(a, -1) * b) for a, b in rings[:-1]]
    assert areas[0] > 0
    assert 0 < np.sum(np.array(areas) < 0) < len(areas) / 2


@pytest.mark.parametrize("name", ["mercator", "arctic"])
def test_nothing_explodes(name):
    p = PROJECTIONS[name]
    x, y = coast(name, "50m")
    assert np.isnan(x[-1]) and np.array_equal(np.isnan(x), np.isnan(y))
    assert p.x_range[0] - 10 <= np.nanmin(x) and np.nanmax(x) <= p.x_range[1] + 10
    assert p.y_range[0] - 10 <= np.nanmin(y) and np.nanmax(y) <= p.y_range[1] + 10


def longest_segment(x, y):
    step = np.hypot(np.diff(x), np.diff(y))
    return np.nanmax(step)


def test_lines_leave_out_the_cuts():
    # Chukotka is cut at the date line, Antarctica closed along the pole.
    x, y = coast_lines("mercator", "50m")
    on_cut = np.abs(np.abs(x) - PROJECTIONS["mercator"].x_range[1]) < 1
    assert not np.any(on_cut[:-1] & on_cut[1:])
    assert longest_segment(x, y) < 1e6 < longest_segment(*coast("mercator", "50m"))
    # The cut at 40 degrees north would be an arc through Spain, Turkey and China.
    x, y = coast_lines("arctic", "50m")
    radius = np.hypot(x, y)
    rim = radius > np.nanmax(radius) - 5
    assert np.count_nonzero(rim[:-1] & rim[1:]) == 0


def test_arctic_land_has_no_seam_at_the_date_line():
    # Inland of Chukotka at 180 degrees: no vertex there, for the halves were joined.
    x, y = coast("arctic", "50m")
    top, bottom = (forward("arctic", [180.0], [lat])[1][0] for lat in (67.5, 66.0))
    assert not np.any((np.abs(x) < 10) & (y > min(top, bottom)) & (y < max(top, bottom)))


def test_arrays_are_shared_and_read_only():
    x, _ = coast("mercator", "110m")
    assert coast("mercator", "110m")[0] is x
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 0


def test_resolution_follows_the_view():
    assert resolution_for(4e7) == "110m"
    assert resolution_for(5e6) == "50m"
    assert resolution_for(5e5, (3, 41, 8, 44)) == "10m"
    assert resolution_for(5e5, (-80, 30, -75, 34)) == "50m"


def test_unknown_resolution():
    with pytest.raises(BadRequest, match="choose one of: 110m, 50m, 10m"):
        coast("mercator", "1m")


def test_decode_topojson_joins_and_reverses_arcs():
    # A unit square of two arcs, the second stored backwards.
    topology = {
        "transform": {"scale": [0.5, 0.5], "translate": [10, 20]},
        "arcs": [[[0, 0], [2, 0], [0, 2]], [[0, 0], [0, 2], [2, 0]]],
        "objects": {"land": {"geometries": [{"arcs": [[[0, -2]]]}]}},
    }
    ((ring,),) = decode_topojson(topology)
    assert ring.tolist() == [[10, 20], [11, 20], [11, 21], [10, 21], [10, 20]]
