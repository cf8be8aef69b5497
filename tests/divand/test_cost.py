"""Predictions against counted entries and the memory that is really taken."""

from __future__ import annotations

import numpy as np
import pytest
from divand_matrices import analysis_matrix, box_with_land, powers

from sdcviz.divand.cholesky import factorise
from sdcviz.divand.cost import count, predict
from sdcviz.divand.ordering import dissect


@pytest.mark.parametrize(
    ("shape", "cyclic"),
    [
        ((300,), False),
        ((60, 50), False),
        ((200, 30), True),
        ((250, 250), False),
        ((25, 24, 23), False),
        ((40, 40, 8), False),
        ((30, 20, 6), True),
        ((10, 9, 7, 6), False),
    ],
)
def test_prediction_is_near_the_count(shape, cyclic):
    mask = box_with_land(shape)
    moddim = (float(cyclic),) + (0.0,) * (len(shape) - 1)
    a = analysis_matrix(mask, cyclic=tuple(map(bool, moddim)))
    order = dissect(mask, powers(len(shape)), moddim=moddim)
    counted = count(a, order)
    predicted = predict(shape, points=int(mask.sum()), moddim=moddim)
    for name in ("entries", "operations", "bytes", "inverse_bytes"):
        assert 1 / 3 < getattr(predicted, name) / getattr(counted, name) < 3, name
    factor = factorise(a, order=order)
    assert counted.entries == factor.nnz
    held = a.data.nbytes + a.indices.nbytes + factor._panels.nbytes
    assert held <= counted.bytes < 3 * held


def test_grows_and_speaks():
    small, large = predict((100, 100, 10)), predict((100, 100, 20))
    assert all(a < b for a, b in zip(small, large, strict=True))
    assert predict((100, 100), points=4000).bytes < predict((100, 100)).bytes
    assert all(np.isfinite(predict((1,))))
    with pytest.raises(ValueError, match="no points"):
        predict((3, 0))
