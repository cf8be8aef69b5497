"""Products and collections that can't be compared, or not in all."""

from __future__ import annotations

import numpy as np
import pytest
from small_sea import field

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.reviews import review


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"unit": "kelvin"}, "never converted"),
        ({"name": "nitrate", "unit": "umol/l"}, "--parameter"),
        ({"lon": (100, 110)}, "outside"),
        ({"value": np.nan}, "no value"),
    ],
)
def test_what_can_not_be_compared(seas, tmp_path, made, said):
    product = field(tmp_path / "p.nc", **made)
    with pytest.raises(BadRequest, match=said):
        review(product, seas.clean / "demo", tmp_path / "r", report=False)
    assert not (tmp_path / "r").exists()


def test_all_samples_are_the_products_own(seas, tmp_path):
    with pytest.raises(BadRequest, match="too few are independent"):
        review(seas.clean / "temperature.nc", seas.clean / "demo", tmp_path / "r", independent=True)


def test_one_month_and_no_error(seas, tmp_path):
    product = field(tmp_path / "p.nc", months=(7,))
    found = review(product, seas.clean / "demo", tmp_path / "r", report=False)
    whole = found["skill"]["rows"][-1]
    assert whole["n"] == found["samples"] > 100
    assert found["skill"]["months"] == ["July"]
    assert whole["within1"] is None and "unknown" in found["expected"]
    assert found["coverage"]["holes"] is None


def test_areas_of_a_file(seas, tmp_path):
    areas = tmp_path / "areas.json"
    areas.write_text(
        '{"features": [{"properties": {"name": "West"}, "geometry": {"type": "Polygon", '
        '"coordinates": [[[-6, 30], [9, 30], [9, 46], [-6, 46], [-6, 30]]]}}]}'
    )
    product = field(tmp_path / "p.nc")
    found = review(product, seas.clean / "demo", tmp_path / "r", areas=areas, report=False)
    assert [a["title"] for a in found["skill"]["areas"]] == ["West"]
    areas.write_text("[]")
    with pytest.raises(UnreadableFile, match="GeoJSON"):
        review(product, seas.clean / "demo", tmp_path / "r", areas=areas, report=False)
