"""The solver is chosen from size and memory, and what can't fit is refused in words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sdcviz import divand
from sdcviz.divand import memory
from sdcviz.divand.choice import choose, direct_need, iterative_need

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")


def box(*shape: int, length: float = 5.0, **options: object) -> tuple:
    """Make a domain without land and some observations."""
    mask, pmn, xi = divand.rectangle(*(np.arange(s) for s in shape))
    background = divand.Background(mask, pmn, xi, length, **options)
    rng = np.random.default_rng(0)
    index = rng.random((len(shape), 20)) * (np.reshape(shape, (-1, 1)) - 1)
    return background, divand.Observations(background, index, 0.1)


def test_small_problems_are_solved_directly_and_large_ones_iteratively() -> None:
    small = choose(*box(30, 30))
    assert not small.is_iterative
    assert small.reason == "the problem is small"
    for shape in ((300, 300), (60, 60, 15), (20, 20, 8, 6)):
        large = choose(*box(*shape))
        assert large.is_iterative
        assert re.fullmatch(r"the other way would take about \d+\.\d times as long", large.reason)
        assert large.need.memory < direct_need(box(*shape)[0]).memory


def test_many_right_hand_sides_are_worth_a_factor() -> None:
    assert choose(*box(300, 300)).is_iterative
    assert not choose(*box(300, 300), columns=50).is_iterative


def test_what_is_asked_for_is_done() -> None:
    problem = box(30, 30)
    assert choose(*problem, "iterative").solver == "iterative"
    assert choose(*problem, "iterative").reason == "it was asked for"
    assert choose(*box(200, 200), "direct").solver == "multifrontal"
    assert choose(*problem, "splu").solver == "scipy"
    with pytest.raises(divand.DivandError, match=r"The solver 'fast' is not known; choose 'auto'"):
        choose(*problem, "fast")


def test_what_only_a_factor_can_do_is_done_by_one() -> None:
    background, observations = box(300, 300)
    chosen = choose(background, observations, because="the exact error needs the factor")
    assert not chosen.is_iterative
    assert "exact error" in str(chosen)
    background, observations = box(300, 300, alpha=[1, 0, 1])
    assert "not binomial" in choose(background, observations, "iterative").reason


def test_memory_decides_before_speed() -> None:
    background, observations = box(30, 30)
    direct, iterative = direct_need(background), iterative_need(background)
    assert iterative.memory < direct.memory
    between = (direct.memory + iterative.memory) / 2
    chosen = choose(background, observations, memory=between)
    assert chosen.is_iterative
    assert "a direct solution needs about" in chosen.reason


def test_too_large_problems_are_refused_with_a_grid_that_fits() -> None:
    background, observations = box(120, 80, 3)
    with pytest.raises(divand.TooLarge) as caught:
        choose(background, observations, memory=1e6)
    text = str(caught.value)
    assert "120 x 80 x 3 (28800 sea points)" in text
    step, coarser = re.search(r"every (\w+) point .*\((\d+ x \d+ x 3)\)", text).groups()
    number = {"second": 2, "third": 3}.get(step) or int(step[:-2])
    shape = [int(s) for s in coarser.split(" x ")]
    assert shape == [-(-120 // number), -(-80 // number), 3]
    assert iterative_need(box(*shape)[0]).memory <= 1e6


def test_a_direct_solution_that_is_too_large_points_to_the_iteration() -> None:
    background, observations = box(100, 100)
    need = iterative_need(background).memory
    with pytest.raises(divand.TooLarge, match="choose the solver 'iterative', which needs about"):
        choose(background, observations, "direct", memory=2 * need)
    with pytest.raises(divand.TooLarge, match=r"take every \w+ point along the first two"):
        choose(background, observations, memory=2 * need, because="it has to be")


def test_the_analysis_refuses_before_it_starts() -> None:
    mask, pmn, xi = divand.rectangle(np.arange(100), np.arange(100))
    with pytest.raises(divand.TooLarge, match="10000 sea points"):
        divand.analyse(mask, pmn, xi, ([5.0], [5.0]), [1.0], 5, 0.1, memory=1000)
    got = divand.analyse(mask, pmn, xi, ([5.0], [5.0]), [1.0], 5, 0.1, memory=1e7)
    assert got.solver == "iterative"


def test_layers_without_length_are_predicted_one_by_one() -> None:
    mask, pmn, xi = divand.rectangle(np.arange(60), np.arange(60), np.arange(8))
    flat = divand.Background(mask, pmn, xi, (5, 5, 0))
    thick = divand.Background(mask, pmn, xi, (5, 5, 5))
    assert direct_need(flat).seconds < direct_need(thick).seconds / 5


def test_a_narrow_sea_is_cheap_to_factorise() -> None:
    mask, pmn, xi = divand.rectangle(np.arange(200), np.arange(200))
    wide = direct_need(divand.Background(mask, pmn, xi, 5.0))
    walls = mask.copy()
    # A channel that winds: the same sea, 19 points wide.
    walls[19::20] = False
    walls[19::40, -19:] = walls[39::40, :19] = True
    narrow = direct_need(divand.Background(walls, pmn, xi, 5.0))
    assert narrow.seconds < wide.seconds / 1.5
    assert narrow.memory < wide.memory / 1.5


@pytest.mark.parametrize("n", [150, 400])
def test_tracks_in_a_ragged_sea_are_solved_as_was_chosen(n: int) -> None:
    rng = np.random.default_rng(1)
    wave = rng.standard_normal((30, 4))
    x, y = np.meshgrid(*(np.linspace(0, 5, n),) * 2, indexing="ij")
    mask = sum(a * np.sin(3 * b * x + 3 * c * y + 6 * d) for a, b, c, d in wave) < 2
    mask |= rng.random(mask.shape) > 0.97
    _, pmn, xi = divand.rectangle(np.linspace(0, 1, n), np.linspace(0, 0.4, n))
    background = divand.Background(mask, pmn, xi, 0.05)
    start, end = rng.random((2, 2, 40, 1))
    index = (start + (end - start) * rng.random((1, 40, 50))).reshape(2, -1) * (n - 1)
    observations = divand.Observations(background, index, 0.5)
    system = divand.System(background, observations)
    before = system.choice
    f = np.sin(index[0] / 20)[observations.used]
    got = system.solve(f)
    assert system.choice is before
    assert before.is_iterative == (n == 400)
    want = divand.System(background, observations, solver="direct").solve(f)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)


def test_available_memory_heeds_the_limit_of_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    free = memory.available_memory()
    assert free > 1e7
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("2000000\n")
    assert memory.available_memory() == 3e6
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_memory() > 1e7
