"""Where places lie between the points of a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdcviz.products.places import before_each


@given(
    st.integers(2, 400),
    st.floats(-180, 180),
    st.sampled_from([0.08, 1 / 12, 1 / 3, 0.25, 1.0]),
    st.booleans(),
    st.integers(0, 1000),
)
def test_computed_places_are_those_found_by_search(n, first, step, single, seed) -> None:
    axis = first + step * np.arange(n)
    axis = axis.astype("f4").astype("f8") if single else axis
    random = np.random.default_rng(seed)
    at = np.concatenate([axis, axis + 1e-12, axis - 1e-12, random.uniform(-200, 250, 2000)])
    expected = np.clip(np.searchsorted(axis, at, "right") - 1, 0, n - 2)
    np.testing.assert_array_equal(before_each(axis, at), expected)


@pytest.mark.parametrize("axis", [[0.0, 1, 5, 6], [0.0, 0.1, 1, 10]])
def test_uneven_axes(axis: list[float]) -> None:
    at = np.linspace(-1, 11, 3001)
    expected = np.clip(np.searchsorted(axis, at, "right") - 1, 0, 2)
    np.testing.assert_array_equal(before_each(np.array(axis), at), expected)
