"""Assertions of the authors' own tests of the reference implementation."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz import divand

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def square(n: int = 30) -> tuple:
    axis = np.linspace(-1, 1, n)
    return divand.rectangle(axis, axis)


def rotation(xi: tuple) -> tuple:
    return 5 * xi[1], -5 * xi[0]


def test_advection_and_its_norms() -> None:
    mask, pmn, xi = square()
    got = divand.analyse(
        mask, pmn, xi, ([0.4], [0.4]), [1.0], 0.2, 1 / 200, alphabc=0, velocity=rotation(xi)
    )
    assert got.field[17, 23] == pytest.approx(0.8993529043140029, rel=1e-9)
    system = got.system
    x = got.field[mask]
    assert x @ system.background.precision @ x == pytest.approx(4.864863745730252, rel=1.5e-8)
    assert got.residuals**2 * 200 == pytest.approx(0.1276096541011819, rel=1.5e-8)
    slope = system.constraints[0].operator @ x
    assert slope @ slope == pytest.approx(0.059450077426666054, rel=1.5e-8)


def test_a_lower_bound_with_advection() -> None:
    mask, pmn, xi = square()
    got = divand.analyse(
        mask,
        pmn,
        xi,
        ([0.4, 0.5], [0.4, 0.5]),
        [1.0, -0.1],
        0.2,
        1 / 200,
        alphabc=0,
        velocity=rotation(xi),
        inequality=0.0,
    )
    assert got.field[17, 23] == pytest.approx(0.5381625233419283, rel=1.5e-8)
    assert got.field.min() > -1e-3
    assert got.iterations > 0
