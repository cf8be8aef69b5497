"""Agreement with cases computed by the authors' Octave toolbox, and their own assertions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdcviz import divand

CASES = [
    "case01_1d",
    "case02_1d_julia_defaults",
    "case03_2d_land_metric",
    "case04_2d_land_julia_defaults",
    "case05_2d_varlen",
    "case06_2d_advection",
    "case07_2d_alpha1331",
    "case08_2d_adv_authors_test",
    "case09_2d_periodic",
    "case10_2d_doubly_periodic_adv",
    "case11_2d_correlated_R",
    "case12_3d",
    "case13_3d_julia_defaults",
    "case14_3d_zero_vertical_len",
    "case15_4d",
    "case16_4d_julia_defaults",
]
pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


class Case:
    """One problem with its solution."""

    def __init__(self, folder: Path, name: str) -> None:
        self.about = json.loads((folder / f"{name}.json").read_text())
        with np.load(folder / f"{name}.npz") as stored:
            self.stored = dict(stored)
        self.mask = self.stored["mask"]

    def parts(self, name: str) -> tuple[np.ndarray, ...] | None:
        """Give the arrays of a name, one a dimension."""
        if f"{name}_0" not in self.stored:
            return None
        return tuple(self.stored[f"{name}_{k}"] for k in range(self.mask.ndim))

    @property
    def domain(self) -> tuple[Any, ...]:
        return self.mask, self.parts("pmn"), self.parts("xi")

    @property
    def observed(self) -> tuple[Any, ...]:
        return self.parts("x"), self.stored["f"]

    @property
    def epsilon2(self) -> Any:
        return self.stored.get("epsilon2", self.stored.get("R"))

    @property
    def norm(self) -> dict[str, Any]:
        """Give what makes the norm."""
        names = ("moddim", "alpha", "scale_len", "alphabc")
        return {name: self.about[name] for name in names}

    @property
    def options(self) -> dict[str, Any]:
        """Give the other keywords of `analyse`."""
        index = self.stored.get("fracindex_1based")
        fracindex = None if index is None else index - 1
        return self.norm | {"velocity": self.parts("velocity"), "fracindex": fracindex}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, data: Path) -> Case:
    return Case(data / "divand_reference", request.param)


def test_the_field_and_its_error_are_those_of_the_authors(case: Case) -> None:
    got = divand.analyse(
        *case.domain,
        *case.observed,
        case.parts("len"),
        case.epsilon2,
        **case.options,
        error="exact",
    )
    np.testing.assert_allclose(got.field, case.stored["fi"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.error, case.stored["err"], rtol=0, atol=1e-9)
    assert int(got.used.sum()) == case.about["n_obs_used"]


def test_the_operators_are_those_of_the_authors(case: Case) -> None:
    background = divand.Background(*case.domain, case.parts("len"), **case.norm)
    assert background.coeff == pytest.approx(case.about["coeff"], rel=1e-7)
    assert background.size == case.about["n_sea"]
    assert background.ndim == case.about["neff"]
    assert background.kernel.len_scale == pytest.approx(case.about["len_scale"], abs=1e-8)
    diagonal = background.unpack(background.precision.diagonal())
    np.testing.assert_allclose(diagonal, case.stored["iB_diag"], rtol=1e-7)
    for name in ("pmn", "xi"):
        wanted = case.parts(f"{name}_stretched")
        if wanted:
            for got, want in zip(getattr(background, name), wanted, strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("name", [CASES[2], CASES[3], CASES[11], CASES[12]])
def test_the_clever_poor_mans_error_is_that_of_the_authors(data: Path, name: str) -> None:
    case = Case(data / "divand_reference", name)
    # The authors' toolbox did not stretch anew for the shorter lengths.
    pmn = case.parts("pmn_stretched") or case.parts("pmn")
    xi = case.parts("xi_stretched") or case.parts("xi")
    got = divand.analyse(
        case.mask,
        pmn,
        xi,
        *case.observed,
        case.parts("len"),
        case.epsilon2,
        **case.options | {"alphabc": 0},
        error="cpme",
    )
    np.testing.assert_allclose(got.error, case.stored["cpme"], rtol=0, atol=1e-9)
