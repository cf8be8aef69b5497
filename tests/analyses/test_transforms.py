"""Values transformed and made back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdcviz.analyses.transforms import Transform

LOG = Transform("log", offset=0.5)
BENT = Transform("log", offset=0.5, threshold=200.0)
LOGIT = Transform("logit", low=-2.0, high=35.0)


@pytest.mark.parametrize("t", [LOG, BENT, LOGIT, Transform()], ids=["log", "bent", "logit", "none"])
@given(share=st.floats(1e-6, 1 - 1e-6))
@settings(max_examples=100, deadline=None)
def test_values_come_back(t: Transform, share: float) -> None:
    value = np.array([-2 + 37 * share]) if t is LOGIT else np.array([1000 * share])
    assert t.backward(t.forward(value)) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_a_log_is_a_straight_line_above_its_threshold() -> None:
    made = BENT.forward(np.array([199.99, 200.0, 200.01, 300.0, 400.0]))
    assert made[1] == pytest.approx(np.log(200.5))
    # the slope goes on as it is at the bend
    slopes = np.diff(made) / np.diff([199.99, 200.0, 200.01, 300.0, 400.0])
    assert slopes == pytest.approx(1 / 200.5, rel=1e-3)


def test_what_has_no_transformed_value_is_nan() -> None:
    assert np.isnan(Transform("log").forward(np.array([0.0, -1.0, np.nan]))).all()
    assert np.isnan(LOGIT.forward(np.array([-2.0, 35.0, 36.0]))).all()


def test_a_field_stays_within_the_bounds() -> None:
    far = np.array([-800.0, -5.0, 0.0, 5.0, 800.0])
    assert np.all((LOGIT.backward(far) >= -2) & (LOGIT.backward(far) <= 35))
    assert np.all(Transform("log").backward(far[1:4]) > 0)
    assert np.isfinite(LOGIT.backward(far)).all()
