"""What lies near a place or a line, against distances that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz.errors import BadRequest
from sdcviz.products.near import in_area, near_line, near_place
from sdcviz.products.places import EARTH_KM

DEGREE = np.pi * EARTH_KM / 180


def test_a_place_has_what_lies_within_the_distance_also_beyond_the_date_line() -> None:
    lon, lat = [179.5, -179.5, 178.0, np.nan, 180.0], [0.0, 0.0, 0.0, 0.0, 90.0]
    found = near_place((180.0, 0.0), lon, lat, 0.6 * DEGREE)
    assert found.rows.tolist() == [0, 1]
    assert found.km == pytest.approx([0.5 * DEGREE] * 2)
    assert len(near_place((180.0, 0.0), lon, lat, 91 * DEGREE)) == 4
    with pytest.raises(BadRequest, match="no distance"):
        near_place((0.0, 0.0), lon, lat, -1.0)


def test_distances_to_a_line_are_those_to_its_nearest_point() -> None:
    line = [(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)]
    # beside the first part, before it, beyond the end, beside the second part, in the corner
    lon = [4.0, -1.0, 10.0, 11.0, 10.5]
    lat = [1.0, 0.0, 6.0, 3.0, -0.5]
    found = near_line(line, lon, lat, 1.01 * DEGREE)
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    across = np.degrees(np.arcsin(np.cos(np.radians(3.0)) * np.sin(np.radians(1.0))))
    assert found.km[:4] == pytest.approx(np.array([1, 1, 1, across]) * DEGREE)
    assert found.along[[0, 1, 2]] == pytest.approx(np.array([4, 0, 15]) * DEGREE, abs=1e-6)
    assert found.along[3] == pytest.approx(13 * DEGREE, rel=1e-3)
    assert found.along[4] == pytest.approx(10 * DEGREE)


def test_a_great_circle_reaches_beyond_the_latitudes_of_its_ends() -> None:
    top = np.degrees(np.arctan(np.tan(np.radians(60)) / np.cos(np.radians(45))))
    found = near_line([(0.0, 60.0), (90.0, 60.0)], [45.0, 45.0], [top, 60.0], 5.0)
    assert found.rows.tolist() == [0]
    assert found.km == pytest.approx([0.0], abs=1e-3)


def test_an_area_is_counted_across_the_date_line_too() -> None:
    corners = [(178.0, -1.0), (182.0, -1.0), (182.0, 1.0), (178.0, 1.0)]
    assert in_area(corners, [179.0, -179.0, 177.0, 0.0], [0.0, 0.0, 0.0, 0.0]).tolist() == [
        True, True, False, False,
    ]  # fmt: skip
