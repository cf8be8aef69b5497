"""Lines are great circles; distances are kilometres."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdcviz.products.lines import distance_km, line_of

degrees = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


@given(degrees, degrees)
def test_distances_are_those_of_geographiclib_on_a_sphere(a, b) -> None:
    from geographiclib.geodesic import Geodesic

    metres = Geodesic(6371008.8, 0).Inverse(a[1], a[0], b[1], b[0])["s12"]
    assert distance_km(*a, *b) == pytest.approx(metres / 1000, abs=1e-3)


@given(degrees, degrees, st.integers(2, 30))
def test_points_lie_on_the_great_circle_equally_far_apart(a, b, n) -> None:
    whole = float(distance_km(*a, *b))
    if not 1 < whole < 19_000:
        return
    line = line_of([a, b], n)
    assert line.distance[-1] == pytest.approx(whole)
    steps = distance_km(line.lon[:-1], line.lat[:-1], line.lon[1:], line.lat[1:])
    np.testing.assert_allclose(steps, whole / (n - 1), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(distance_km(*a, line.lon, line.lat), line.distance, atol=1e-4)


def test_corners_are_passed() -> None:
    line = line_of("0,0 10,0 10,10", 201)
    assert (line.lon[0], line.lat[-1]) == (0, 10)
    assert np.abs(line.lon - 10).min() < 1e-6 and line.lon.max() <= 10 + 1e-9
    assert line.distance[-1] == pytest.approx(2 * 1111.95, rel=1e-4)
    across = line_of("175,0 -175,0", 5)
    assert across.lon[1] == pytest.approx(177.5) and abs(across.distance[-1] - 1111.95) < 0.1
