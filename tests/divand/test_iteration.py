"""The iteration gives the field of the direct solution, on any grid and for any observations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_reference import CASES, Case

from sdcviz import divand
from sdcviz.divand.iteration import Iteration, NotConverged
from sdcviz.divand.multigrid import Multigrid

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")

DIRECT = {"06", "08", "10", "11"}
"""Cases with advection or correlated errors."""


@pytest.mark.parametrize("name", [c for c in CASES if c[4:6] not in DIRECT])
def test_cases_of_the_authors(data: Path, name: str) -> None:
    case = Case(data / "divand_reference", name)
    got = divand.analyse(
        *case.domain, *case.observed, case.parts("len"), case.epsilon2, **case.options,
        solver="iterative",
    )  # fmt: skip
    assert got.solver == "iterative"
    assert 0 < got.iterations < 60
    np.testing.assert_allclose(got.field, case.stored["fi"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [c for c in CASES if c[4:6] in DIRECT])
def test_what_the_iteration_can_not_do_is_solved_directly(data: Path, name: str) -> None:
    case = Case(data / "divand_reference", name)
    got = divand.analyse(
        *case.domain, *case.observed, case.parts("len"), case.epsilon2, **case.options,
        solver="iterative",
    )  # fmt: skip
    assert got.solver != "iterative"
    assert got.iterations == 0
    assert got.system is not None
    reason = got.system.choice.reason
    assert any(word in reason for word in ("correlated", "constraints")), reason
    np.testing.assert_allclose(got.field, case.stored["fi"], rtol=0, atol=1e-9)


@st.composite
def problems(draw: st.DrawFn) -> tuple[divand.Background, divand.Observations, np.ndarray]:
    """Make a small problem with anything that the iteration allows."""
    n = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, (60, 16, 9, 6)[n - 1])) for _ in range(n))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = rng.random(shape) > draw(st.sampled_from([0, 0.1, 0.4]))
    mask[tuple(0 for _ in shape)] = True
    spread = draw(st.sampled_from([0, 0.3, 0.8]))
    pmn = [np.exp(spread * rng.standard_normal(shape)) for _ in shape]
    lengths = []
    for _ in range(n):
        typical = draw(st.sampled_from([0, 0.5, 2, 5]))
        lengths.append(typical * np.exp(spread / 2 * rng.standard_normal(shape)))
    assume(any(size > 1 and length.any() for size, length in zip(shape, lengths, strict=True)))
    cyclic = [float(size) if draw(st.booleans()) else 0.0 for size in shape]
    background = divand.Background(
        mask, pmn, None, lengths, moddim=cyclic, alphabc=draw(st.sampled_from([0, 1]))
    )
    count = draw(st.integers(1, 80))
    centre = rng.random((n, 1))
    index = centre + draw(st.sampled_from([0.02, 0.5])) * rng.uniform(-1, 1, (n, count))
    index = np.clip(index, 0, 1) * (np.reshape(shape, (n, 1)) - 1)
    epsilon2 = draw(st.sampled_from([0.01, 0.5, 10])) * np.exp(rng.standard_normal(count))
    return background, divand.Observations(background, index, epsilon2), rng.normal(size=count)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
def test_random_problems(problem: tuple[Any, Any, Any]) -> None:
    background, observations, values = problem
    values = values[observations.used]
    want = divand.System(background, observations, solver="direct").solve(values)
    system = divand.System(background, observations, solver="iterative")
    got = system.solve(values)
    # It may fall back where lengths are far longer than the grid and layers hardly coupled.
    assert system.solver == "iterative" or "did not converge" in system.choice.reason
    size = max(1, abs(values).max(initial=0), abs(want).max())
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-6 * size)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), st.integers(0, 2**32 - 1))
def test_one_cycle_is_symmetric_and_positive_definite(
    problem: tuple[Any, Any, Any], seed: int
) -> None:
    domain = problem[0].domain
    grids = domain.grids(np.float64)
    multigrid = Multigrid(grids)
    rng = np.random.default_rng(seed)
    layout, mass = domain.layout, grids.mass
    multigrid.weigh(mass * np.exp(3 * rng.random(layout.length)))
    a, b = np.zeros((2, layout.length))
    a[layout.place], b[layout.place] = rng.standard_normal((2, layout.place.size))
    of_a, of_b = multigrid.solve(a).copy(), multigrid.solve(b).copy()
    size = np.sqrt(float(a @ of_a) * float(b @ of_b))
    assert float(a @ of_a) > 0
    assert float(a @ of_b) == pytest.approx(float(b @ of_a), abs=1e-9 * size)


def square(n: int, length: float, clusters: int = 0, epsilon2: float = 0.5) -> tuple:
    """Make a square of unit side with an island, observations anywhere or in clusters."""
    rng = np.random.default_rng(5)
    axis = np.linspace(0, 1, n)
    mask, pmn, xi = divand.rectangle(axis, axis)
    mask[n // 3 : n // 2, n // 3 : n // 2] = False
    count = n * n // 20
    x = rng.random((2, count))
    if clusters:
        centres = rng.random((2, clusters))[:, rng.integers(0, clusters, count)]
        x = np.clip(centres + 0.01 * rng.standard_normal((2, count)), 0, 1)
    f = np.sin(6 * x[0]) + 0.1 * rng.standard_normal(count)
    return mask, pmn, xi, tuple(x), f, length, epsilon2


@pytest.mark.parametrize("clusters", [0, 10])
@pytest.mark.parametrize("epsilon2", [0.5, 0.01])
def test_iterations_hardly_depend_on_size_and_clusters(clusters: int, epsilon2: float) -> None:
    for n in (40, 160):
        problem = square(n, 0.1, clusters, epsilon2)
        got = divand.analyse(*problem, solver="iterative")
        assert got.iterations < 70
        want = divand.analyse(*problem, solver="direct").field
        np.testing.assert_allclose(got.field, want, rtol=0, atol=1e-6)


def test_several_columns_and_a_first_guess() -> None:
    *rest, f, length, epsilon2 = square(60, 0.1)
    columns = np.stack([f, 2 * f, 0 * f, f[::-1]], axis=1)
    got = divand.analyse(*rest, columns, length, epsilon2, solver="iterative")
    want = divand.analyse(*rest, columns, length, epsilon2, solver="direct")
    np.testing.assert_allclose(got.field, want.field, rtol=0, atol=2e-6)
    np.testing.assert_allclose(got.residuals, want.residuals, rtol=0, atol=2e-6)
    system = got.system
    assert system is not None
    before = got.iterations
    again = system.solve(columns[got.used], x0=got.field[rest[0]])
    assert system.iterations < before / 4
    np.testing.assert_allclose(again, want.field[rest[0]], rtol=0, atol=2e-6)


def test_the_poor_mans_error_is_that_of_the_direct_solution() -> None:
    problem = square(60, 0.1)
    got = divand.analyse(*problem, solver="iterative", error="cpme")
    want = divand.analyse(*problem, solver="direct", error="cpme")
    np.testing.assert_allclose(got.error, want.error, rtol=0, atol=1e-6)


def test_no_observations_leave_the_background() -> None:
    mask, pmn, xi, _, _, length, epsilon2 = square(30, 0.1)
    got = divand.analyse(mask, pmn, xi, ([5.0], [5.0]), [1.0], length, epsilon2, solver="iterative")
    assert not got.field[mask].any()
    assert got.iterations == 0


@pytest.mark.filterwarnings("default::sdcviz.divand.DivandWarning")
def test_an_iteration_that_does_not_converge_ends_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = square(60, 0.3, clusters=3, epsilon2=1e-4)
    want = divand.analyse(*problem, solver="direct")
    background, observations = want.system.background, want.system.observations
    with pytest.raises(NotConverged, match="within 3 steps"):
        Iteration(background.domain, observations).solve(
            observations.weighted(problem[4]), 1.0, limit=3
        )
    monkeypatch.setattr("sdcviz.divand.choice.LIMIT", 3)
    with pytest.warns(divand.DivandWarning, match="did not converge within 6 steps"):
        got = divand.analyse(*problem, solver="iterative")
    assert got.solver == want.solver
    assert got.iterations == 0
    assert "did not converge" in got.system.choice.reason
    np.testing.assert_array_equal(got.field, want.field)
