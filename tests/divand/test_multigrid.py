"""Multigrid keeps waters apart that land divides, and converges on grids of the ocean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from sdcviz import divand
from sdcviz.divand.coarsening import Grid
from sdcviz.divand.iteration import LIMIT, Preconditioner

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")

LEVELS = np.array([0, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000.0])


def ragged(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Make a sea with ponds, spits and inlets."""
    return np.random.default_rng(seed).random(shape) > 0.4


def unit_grid(mask: np.ndarray, cyclic: tuple[bool, ...]) -> Grid:
    """Make a grid of unit mass and weights."""
    weights = []
    for k, c in enumerate(cyclic):
        edge = mask & np.roll(mask, -1, axis=k)
        if not c:
            np.moveaxis(edge, k, 0)[-1] = False
        weights.append(edge)
    return Grid(mask, cyclic, mass=mask.astype(float), weights=np.stack(weights).astype(float))


def edges(grid: Grid) -> list[tuple[int, int, float]]:
    """List all edges between pieces by their numbers."""
    found = list(zip(*(a.tolist() for a in grid.pieces.edges), strict=True))
    listed = [(a, b, w) for a, b, _, w in found]
    for k, edge in enumerate(grid.weights):
        start = np.flatnonzero(edge)
        end = grid.next(start, k)
        listed += zip(start.tolist(), end.tolist(), edge.ravel()[start].tolist(), strict=True)
    return listed


def waters(grid: Grid) -> list[float]:
    """Give the mass of everything that is connected, by a plain search."""
    mass = dict(enumerate(grid.mass.ravel().tolist()))
    mass = {n: m for n, m in mass.items() if grid.sea.ravel()[n]}
    mass |= dict(enumerate(grid.pieces.mass.tolist(), grid.sea.size))
    near: dict[int, set[int]] = {n: set() for n in mass}
    for a, b, _ in edges(grid):
        near[a].add(b)
        near[b].add(a)
    left, found = set(mass), []
    while left:
        todo, total = [left.pop()], 0.0
        while todo:
            n = todo.pop()
            total += mass[n]
            todo += near[n] & left
            left -= near[n]
        found.append(total)
    return sorted(found)


@pytest.mark.parametrize("cyclic", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("seed", range(4))
def test_coarser_grids_connect_what_was_connected_and_nothing_else(
    cyclic: tuple[bool, bool], seed: int
) -> None:
    grid = unit_grid(ragged((17, 22), seed), cyclic)
    want = waters(grid)
    for k in (0, 1, 1, 0, 0, 1, 0, 1):
        grid, way = grid.joined(k)
        np.testing.assert_allclose(waters(grid), want)
        assert all(w > 0 for *_, w in edges(grid))
        assert (way.own >= 0).all()
        assert (way.weight > -1e-12).all()


def test_interpolation_keeps_a_constant_and_its_transpose_the_mass() -> None:
    fine = unit_grid(ragged((20, 21)), (False, True))
    fine, _ = fine.joined(0)
    coarse, way = fine.joined(1)
    total = np.zeros(fine.sea.size + len(fine.pieces.cell))
    total[: fine.sea.size] = (way.own + way.share).ravel()
    np.add.at(total, way.fine, way.weight)
    there = np.concatenate([fine.sea.ravel(), np.ones(len(fine.pieces.cell), bool)])
    np.testing.assert_allclose(total, there)
    mass = [grid.mass.sum() + grid.pieces.mass.sum() for grid in (fine, coarse)]
    assert mass[0] == pytest.approx(mass[1])


def test_a_pond_goes_on_to_no_coarser_grid() -> None:
    mask = np.ones((8, 8), bool)
    mask[2:5, 2:5] = False
    mask[3, 3] = True
    grid = unit_grid(mask, (False, False))
    coarse, _ = grid.joined(0, grid.alive())
    assert waters(grid) == [1, mask.sum() - 1]
    assert waters(coarse) == [mask.sum() - 1]


def sea(step: float, len_h: float, len_z: float) -> tuple[Any, ...]:
    """Make a sea with islands and ponds, whose floor falls away from the coasts."""
    lon, lat = np.arange(0, 30, step), np.arange(30, 46, step)
    rng = np.random.default_rng(3)
    wave = rng.standard_normal((40, 4))
    x, y = np.meshgrid(lon / 8, lat / 8, indexing="ij")
    land = sum(a * np.sin(3 * b * x + 3 * c * y + 6 * d) for a, b, c, d in wave) > 4
    # Ponds, and inlets along the coasts.
    land &= rng.random(land.shape) > 0.1
    off = distance_transform_edt(~land) * step * 111e3
    mask = ~land[..., None] & (off[..., None] * 0.02 + 5 > LEVELS)
    width = 111e3 * step
    pmn = (
        np.broadcast_to(1 / (width * np.cos(np.deg2rad(lat)))[None, :, None], mask.shape),
        np.full(mask.shape, 1 / width),
        np.broadcast_to(1 / np.gradient(LEVELS), mask.shape),
    )
    xi = np.meshgrid(lon, lat, LEVELS, indexing="ij")
    background = divand.Background(mask, pmn, xi, (len_h, len_h, len_z))
    at = np.argwhere(mask)
    index = at[rng.integers(0, len(at), 1500)].T + rng.uniform(-0.4, 0.4, (3, 1500))
    index = np.clip(index, 0, np.reshape(mask.shape, (3, 1)) - 1)
    observations = divand.Observations(background, index, 0.5)
    return background, observations, np.sin(index[0] / 5)[observations.used]


@pytest.mark.parametrize(("len_h", "len_z"), [(200e3, 100), (50e3, 200), (400e3, 50)])
def test_it_converges_on_a_grid_of_the_ocean(len_h: float, len_z: float) -> None:
    background, observations, f = sea(0.5, len_h, len_z)
    assert label(background.mask[..., 0])[1] > 10
    system = divand.System(background, observations, solver="iterative")
    got = system.solve(f)
    assert system.solver == "iterative"
    assert system.iterations < LIMIT / 3
    want = divand.System(background, observations, solver="direct").solve(f)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)


def test_two_cycles_are_symmetric_and_positive_definite() -> None:
    background, observations, _ = sea(1.0, 100e3, 200)
    domain = background.domain
    preconditioner = Preconditioner(
        domain, observations.weighted(np.ones(observations.count)), np.float64
    )
    preconditioner.thorough = True
    rng = np.random.default_rng(0)
    a, b = np.zeros((2, domain.layout.length))
    place = domain.layout.place
    a[place], b[place] = rng.standard_normal((2, place.size))
    of_a, of_b = preconditioner.apply(a).copy(), preconditioner.apply(b).copy()
    size = np.sqrt(float(a @ of_a) * float(b @ of_b))
    assert float(a @ of_a) > 0
    assert float(a @ of_b) == pytest.approx(float(b @ of_a), abs=1e-9 * size)
