"""Which solver an analysis gets, and whether it fits: decided before it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .background import Background
from .cost import Cost, available_memory, direct_cost, iterative_cost, steps_of_iteration
from .errors import DivandError, TooLarge
from .factors import BACKENDS, available
from .iteration import LIMIT
from .observations import Observations

__all__ = ["ITERATIVE", "Choice", "choose"]

ITERATIVE = "iterative"
_QUICK = 0.1  # seconds: a direct solution that takes less is not worth the choice
_ALIASES = {"splu": "scipy"}


@dataclass(frozen=True)
class Choice:
    """What solves a system, and why.

    Attributes
    ----------
    solver : str
        "iterative", or the library of the direct solution.
    reason : str
        End of the sentence "... was chosen because ...".
    cost : Cost
        Prediction.
    limit : int
        Iterations after which the system is solved directly; 0 of a direct solution.
    """

    solver: str
    reason: str
    cost: Cost
    limit: int = 0

    @property
    def is_iterative(self) -> bool:
        """Whether it is the iteration."""
        return self.solver == ITERATIVE

    def __str__(self) -> str:
        return (
            f"{self.solver}, because {self.reason} "
            f"(about {self.cost.seconds:.2g} s, {_bytes(self.cost.memory)})"
        )


def choose(
    background: Background,
    observations: Observations,
    wanted: str = "auto",
    *,
    constraints: Sequence[Any] = (),
    because: str | None = None,
    columns: int = 1,
    factors: int = 1,
    memory: float | None = None,
) -> Choice:
    """Choose a solver.

    Parameters
    ----------
    background : Background
    observations : Observations
    wanted : str
        "auto", "direct", "iterative" or a library for direct solution.
    constraints : sequence of Constraint
        Further terms of the system.
    because : str, optional
        Why it has to be solved directly.
    columns : int
        Right-hand sides.
    factors : int
        Matrices as large as the factor that are in memory together.
    memory : float, optional
        Bytes that may be used; what is free if left out.

    Returns
    -------
    Choice

    Raises
    ------
    DivandError
        There is no such solver.
    TooLarge
        It doesn't fit; the sentence says what would.
    """
    library = _library(wanted)
    budget = available_memory() if memory is None else float(memory)
    because = because or _obstacle(background, observations, constraints)
    direct, iterative = direct_cost(background), iterative_cost(background, columns)
    direct = Cost(direct.seconds, direct.memory * factors)
    fits = direct.memory <= budget
    if wanted not in {"auto", ITERATIVE} or because:
        reason = because if because and wanted in {"auto", ITERATIVE} else "it was asked for"
        if not fits:
            raise TooLarge(_sentence(background, direct, budget, None if because else iterative))
        return Choice(library, reason, direct)
    if wanted == "auto" and fits:
        if direct.seconds < _QUICK:
            return Choice(library, "the problem is small", direct)
        if direct.seconds < iterative.seconds:
            return Choice(library, _compared(iterative, direct), direct)
    if iterative.memory > budget:
        raise TooLarge(_sentence(background, iterative, budget, None))
    limit = LIMIT
    if fits:
        # Beyond this the direct solution would have been faster.
        worth = steps_of_iteration(background, direct.seconds) // columns
        limit = min(max(worth, LIMIT // 4), 2 * LIMIT)
        reason = "it was asked for" if wanted == ITERATIVE else _compared(direct, iterative)
    else:
        reason = (
            f"a direct solution needs about {_bytes(direct.memory)} and {_bytes(budget)} are free"
        )
    return Choice(ITERATIVE, reason, iterative, limit)


def _library(wanted: str) -> str:
    names = available()
    if wanted in {"auto", "direct", ITERATIVE}:
        return names[0]
    name = _ALIASES.get(wanted, wanted)
    if name not in names:
        why = "is not installed" if name in BACKENDS else "is not known"
        raise DivandError(
            f"The solver {wanted!r} {why}; choose 'auto', 'direct', 'iterative' or one of "
            f"{', '.join(names)}."
        )
    return name


def _obstacle(
    background: Background, observations: Observations, constraints: Sequence[Any]
) -> str | None:
    """Tell why a system can't be solved iteratively."""
    if not background.is_binomial:
        return "the coefficients alpha are not binomial"
    if not observations.is_independent:
        return "errors of observations are correlated"
    return "the system has constraints" if constraints else None


def _compared(slower: Cost, faster: Cost) -> str:
    return f"the other way takes about {slower.seconds / faster.seconds:.1f} times as long"


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _sentence(background: Background, cost: Cost, budget: float, iterative: Cost | None) -> str:
    """Say that a problem is too large, and what would fit."""
    shape = " x ".join(str(s) for s in background.mask.shape)
    text = (
        f"The analysis on a grid of {shape} ({background.size:,} sea points) needs about "
        f"{_bytes(cost.memory)} of memory and {_bytes(budget)} are free; "
    )
    if iterative is not None and iterative.memory <= budget:
        return text + (
            f"choose the solver 'iterative', which needs {_bytes(iterative.memory)}, "
            "or a coarser grid."
        )
    # The memory of a direct solution grows faster than the grid, so that this is on the safe side.
    share = budget / cost.memory
    step = int(share ** (-1 / min(background.mask.ndim, 2))) + 1
    coarser = [-(-s // step) if k < 2 else s for k, s in enumerate(background.mask.shape)]
    return text + (
        f"take every {_ordinal(step)} point along the first two dimensions "
        f"({' x '.join(map(str, coarser))}), or fewer levels and time slices at a time."
        if background.mask.ndim > 1
        else f"take every {_ordinal(step)} point."
    )


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
