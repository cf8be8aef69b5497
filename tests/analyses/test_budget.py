"""Memory decides processes, solver and chunks before anything is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from analysis_runs import recipe, scatter

from sdcviz.analyses.budget import memory_budget, within_memory
from sdcviz.analyses.plan import make_plan
from sdcviz.analyses.problem import Problem
from sdcviz.divand.memory import available_memory
from sdcviz.errors import BadRequest


def problem(**changes: Any) -> Problem:
    return make_plan(recipe(**changes), scatter(500)).problem


def large(**changes: Any) -> Problem:
    """Give a problem whose factor takes some gigabytes, without solving it."""
    fine = {"box": [2, 38, 8, 43], "resolution": 0.05}
    levels = {"set": "woa33", "bottom": 2000}
    lengths = {"horizontal": "60 km", "vertical": "20 m"}
    return problem(domain=fine, levels=levels, lengths=lengths, **changes)


def test_small_problems_get_all_processes() -> None:
    settled, workers = within_memory(problem(), 4, 4e9)
    assert workers == 4
    assert settled.chunk == 0 and settled.solver not in ("auto", "iterative")


def test_memory_limits_the_processes() -> None:
    one = large(solver="direct")
    settled, workers = within_memory(one, 8, 64e9)
    assert workers < 8 and settled.chunk == 0
    # half of the memory, about half of the processes
    assert within_memory(one, 8, 32e9)[1] <= (workers + 1) // 2 + 1


def test_what_does_not_fit_is_done_in_chunks() -> None:
    one = large(solver="direct", error="none")
    budget = 64e9
    while not within_memory(one, 4, budget)[0].chunk:
        budget /= 2
    settled, workers = within_memory(one, 4, budget)
    assert 0 < settled.chunk < len(one.depth) and workers == 1
    assert settled.digest() != one.digest()


@pytest.mark.parametrize("changes", [{"error": "exact"}, {"suspects": "gain"}])
def test_what_needs_the_inverse_is_never_left_to_the_iteration(changes: dict[str, Any]) -> None:
    one = large(**changes)
    # here the iteration would fit, but not the factor that the inverse is made of
    budget = 1e9
    assert within_memory(replace(one, error="none", suspects="none"), 1, budget)[0].chunk == 0
    settled, _ = within_memory(one, 1, budget * 40)
    assert settled.solver != "iterative"
    assert within_memory(one, 1, 8e9)[0].chunk > 0


def test_what_never_fits_is_refused_with_a_suggestion() -> None:
    with pytest.raises(BadRequest, match=r"needs about .* of memory and .* are free; "):
        within_memory(large(solver="direct"), 2, 0.32e9)


def test_the_memory_that_is_free_changes_no_number() -> None:
    one = problem()
    settled = [within_memory(one, 2, budget)[0] for budget in (4e9, 40e9)]
    assert settled[0].memory != settled[1].memory
    assert settled[0].digest() == settled[1].digest()
    assert replace(settled[0], solver="iterative").digest() != settled[0].digest()


def test_without_a_limit_most_of_what_is_free_is_used() -> None:
    assert memory_budget(3_000_000_000) == 3e9
    assert 0 < memory_budget(None) <= available_memory() * 1.05
