"""Maps as bytes: what they stand for, what lies out of the range, how few they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdcviz.errors import BadRequest
from sdcviz.products import open_product
from sdcviz.products.maps import ABOVE, BELOW, FIRST, LAST, MISSING, quantise


def test_bytes_stand_for_the_values(ours: Path) -> None:
    product = open_product(ours)
    layer = product.layer(10, "February")
    shown = product.map(depth=10, time="February")
    assert shown.codes().shape == layer.shape and shown.label == "February"
    assert shown.unit == "°C" and shown.depth == 10
    np.testing.assert_array_equal(np.isnan(shown.values()), np.isnan(layer))
    step = (shown.limits[1] - shown.limits[0]) / (LAST - FIRST)
    assert np.nanmax(np.abs(shown.values() - layer)) <= step * 0.501
    error = product.map(depth=10, time=1, what="error")
    assert error.unit == "" and 0 <= error.limits[0] < error.limits[1] <= 1


def test_nothing_is_clipped_unseen(ours: Path) -> None:
    product = open_product(ours)
    layer = product.layer(10, 0).values
    shown = product.map(depth=10, time=0, limits=(14, 16))
    codes = shown.codes()
    np.testing.assert_array_equal(codes == BELOW, layer < 14)
    np.testing.assert_array_equal(codes == ABOVE, layer > 16)
    np.testing.assert_array_equal(codes == MISSING, np.isnan(layer))
    with pytest.raises(BadRequest, match="the first has to be less"):
        product.map(depth=10, time=0, limits=(16, 14))
    outside = product.map(depth=4000, time=0)
    assert outside.answer == "outside" and "4000 m lies outside" in outside.sentence


@given(
    arrays(np.float32, (3, 4), elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)),
    st.floats(-1000, 1000),
    st.floats(0.01, 1000),
)
def test_codes_are_ordered_as_the_values(values, low, span) -> None:
    codes = quantise(values, low, low + span).ravel()
    flat = values.ravel()
    assert ((codes == MISSING) == np.isnan(flat)).all()
    known = ~np.isnan(flat)
    order = np.argsort(flat[known], kind="stable")
    assert (np.diff(codes[known][order].astype(int)) >= 0).all()


def test_the_masked_map_is_the_masked_layer(ours: Path) -> None:
    product = open_product(ours).prepare()
    codes = product.map(depth=0, time=2, mask=0.4).codes()
    expected = product.layer(0, 2, mask=0.4)
    np.testing.assert_array_equal(codes == MISSING, np.isnan(expected))
    assert (codes == MISSING).sum() > (product.map(depth=0, time=2).codes() == MISSING).sum()
