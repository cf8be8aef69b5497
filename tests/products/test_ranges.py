"""One range of colours for many maps."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np
import pytest

from sdcviz.products import open_product
from sdcviz.products.layers import Layer
from sdcviz.products.ranges import range_for


def test_each_kind_of_range_holds_for_its_maps(tmp_path: Path) -> None:
    values = made_files.truth(range(3), (0.0, 10.0, 50.0), (40.0, 41.0, 42.0), np.arange(60.0))
    values[2, 2, 1, 30] = (
        999.0  # far from the rest: it is marked, and makes no colour of all others
    )
    path = made_files.write(tmp_path / "p.nc", values=values, lon=np.arange(60.0))
    layer = Layer(open_product(path), "", 10.0, 1)
    rest = values[values < 900]
    assert range_for(layer, "fixed") == pytest.approx((rest.min(), rest.max()), abs=0.02)
    at_depth, at_time = values[:, 1], values[1]
    assert range_for(layer, "depth") == pytest.approx((at_depth.min(), at_depth.max()), abs=1e-5)
    assert range_for(layer, "time") == pytest.approx((at_time.min(), at_time.max()), abs=1e-5)
    assert range_for(layer, "map") is None
    # What the file proposes comes first.
    told = {"Temperature": {"preview_range": np.array([8.0, 12.0])}}
    path = made_files.write(tmp_path / "q.nc", values=values, lon=np.arange(60.0), attrs=told)
    assert range_for(Layer(open_product(path), "", 10.0, 1), "fixed") == (8.0, 12.0)
