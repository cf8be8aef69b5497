"""Correlation lengths and errors by cross-validation.

Analyses with multiples of the lengths and of epsilon2 are compared with observations that they
have not seen: each one (from the diagonal of H K), folds, or whole cruises. Generalised
cross-validation (Craven and Wahba 1979, Numerische Mathematik 31, 377-403) needs only the trace
of H K. Samples of one cruise have errors in common, so that single ones are predicted too well
from their neighbours: give the cruises as groups where they are known.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DivandError, DivandWarning
from .folds import left_out, make_folds, mean_gain
from .given import numbered_groups
from .grid import Array
from .problem import Problem
from .search import search

__all__ = ["Trial", "Validation", "cross_validate"]

Method = Literal["auto", "each", "gcv", "folds"]
_EXACT = 50_000  # sea points up to which the diagonal of H K is computed exactly
LENGTHS = tuple(np.logspace(-1, 1, 5).tolist())
ERRORS = tuple(np.logspace(-1.5, 1.5, 7).tolist())


@dataclass(frozen=True)
class Trial:
    """One pair of factors and how well it predicts.

    Attributes
    ----------
    length_factor, epsilon2_factor : float
    score : float
        Mean square of the residuals of observations left out, weighted by 1 / epsilon2.
    rmse, bias : float
        Root mean square and mean of these residuals, in the unit of the values.
    resolved : bool
        Whether the shortest length spans two grid steps.
    """

    length_factor: float
    epsilon2_factor: float
    score: float
    rmse: float
    bias: float
    resolved: bool


@dataclass(frozen=True)
class Validation:
    """Result of a cross-validation.

    Attributes
    ----------
    method : str
        "each", "gcv" or "folds".
    folds : int
        How many; of "each" the observations with influence, 0 of "gcv".
    trials : tuple of Trial
        All that was tried: the grid, then the refinements.
    """

    method: str
    folds: int
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        """The trial with the least score."""
        return min(self.trials, key=lambda trial: trial.score)

    @property
    def table(self) -> dict[str, NDArray[Any]]:
        """All trials as columns."""
        names = [field.name for field in fields(Trial)]
        return {name: np.array([getattr(trial, name) for trial in self.trials]) for name in names}


def cross_validate(
    mask: ArrayLike,
    pmn: Any,
    xi: Any,
    x: Any,
    f: ArrayLike,
    corr_len: Any,
    epsilon2: ArrayLike,
    *,
    length_factors: Sequence[float] = LENGTHS,
    epsilon2_factors: Sequence[float] = ERRORS,
    dimensions: Sequence[int] | None = None,
    method: Method = "auto",
    groups: ArrayLike | None = None,
    folds: int | None = None,
    probes: int | None = 30,
    refinements: int = 2,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Validation:
    """Find the factors of lengths and epsilon2 that predict observations left out best.

    Parameters
    ----------
    mask, pmn, xi, x, f, corr_len, epsilon2, **options
        As `analyse` takes them (`moddim`, `alpha`, `alphabc`, `scale_len`, `velocity`,
        `fracindex`, `solver`).
    length_factors, epsilon2_factors : sequence of float
        Tried in all combinations; ``[1]`` keeps what was given.
    dimensions : sequence of int, optional
        Dimensions whose lengths are multiplied, all if left out.
    method : {"auto", "each", "gcv", "folds"}
        Leave out each observation, generalised cross-validation, or folds. "auto" takes folds
        if `groups` or `folds` are given, else "each" on grids up to 50 000 points, else "gcv".
    groups : array-like, shape (nobs,), optional
        Cruise of each observation; a cruise is left out as a whole.
    folds : int, optional
        How many; left out, each group is a fold, or 10 where there are no groups.
    probes : int, optional
        Random vectors for the trace of "gcv"; None computes it exactly.
    refinements : int
        How often the steps of the factors are halved around the best.
    seed : int
        Of folds and random vectors.
    progress : callable, optional
        Called with the number of trials done and of those to come at most.

    Returns
    -------
    Validation

    Raises
    ------
    DivandError
        A factor is not positive, groups make only one fold or go with another method, or
        there is nothing to compare.

    Warns
    -----
    DivandWarning
        The best trial lies at the end of the factors, or its length is too short for the grid.
    """
    lengths, errors = _factors(length_factors, "length"), _factors(epsilon2_factors, "epsilon2")
    if method not in ("auto", "each", "gcv", "folds"):
        raise DivandError(f"method is {method!r}; choose 'auto', 'each', 'gcv' or 'folds'.")
    if method in ("each", "gcv") and not (groups is None and folds is None):
        raise DivandError(f"groups and folds belong to the method 'folds', not to {method!r}.")
    problem = Problem(mask, pmn, xi, x, f, corr_len, epsilon2, **options)
    along = range(problem.ndim) if dimensions is None else dimensions
    scorer = _Scorer(problem, tuple(along), method, groups, folds, probes, seed)
    trials: list[Trial] = []

    def score(factors: tuple[float, ...]) -> float:
        trials.append(scorer(*factors))
        return trials[-1].score

    search(score, (lengths, errors), refinements, progress)
    result = Validation(scorer.method, scorer.folds, tuple(trials))
    _warn(result.best, lengths, errors)
    return result


def _factors(given: Sequence[float], name: str) -> Array:
    factors = np.unique(np.asarray(given, np.float64))
    if not factors.size or not (np.isfinite(factors) & (factors > 0)).all():
        raise DivandError(f"Factors of {name} must be positive numbers; {list(given)} are not.")
    return factors


class _Scorer:
    """Scores pairs of factors by one method."""

    def __init__(
        self,
        problem: Problem,
        along: tuple[int, ...],
        method: str,
        groups: ArrayLike | None,
        folds: int | None,
        probes: int | None,
        seed: int,
    ) -> None:
        self._problem, self._along, self._probes, self._seed = problem, along, probes, seed
        first = problem.system()
        if method == "auto":
            small = "each" if first.background.size <= _EXACT else "gcv"
            method = small if groups is None and folds is None else "folds"
        self.method, self.folds = method, 0
        self._fold: NDArray[np.int64] | None = None
        if method == "gcv":
            return
        count = 10 if folds is None and groups is None else folds
        seen = first.observations
        self._fold = make_folds(
            seen.count,
            groups=None if groups is None else numbered_groups(groups, seen.used)[1],
            folds=None if method == "each" else count,
            seed=seed,
        )
        self.folds = int(self._fold.max()) + 1

    def __call__(self, length: float, error: float) -> Trial:
        factors = [length if k in self._along else 1.0 for k in range(self._problem.ndim)]
        system = self._problem.system(factors, error)
        f = self._problem.values(system)
        if self._fold is None:
            free = 1 - mean_gain(system, self._probes, self._seed)
            residual = (f - system.observations.operator @ system.solve(f)) / free
        else:
            residual, _ = left_out(system, f, self._fold)
        share = 1 / system.observations.variance
        return Trial(
            float(length),
            float(error),
            float(np.average(residual**2, weights=share)),
            float(np.sqrt(np.mean(residual**2))),
            float(residual.mean()),
            system.background.coarsest()[0] >= 2,
        )


def _warn(best: Trial, lengths: Array, errors: Array) -> None:
    ends = [
        f"{name} {value:.3g}"
        for name, value, axis in (
            ("length factor", best.length_factor, lengths),
            ("epsilon2 factor", best.epsilon2_factor, errors),
        )
        if axis.size > 1 and (np.isclose(value, axis[0]) or np.isclose(value, axis[-1]))
    ]
    if ends:
        warnings.warn(
            f"The best {' and '.join(ends)} is at the end of those tried: try further ones.",
            DivandWarning,
            stacklevel=3,
        )
    if not best.resolved:
        warnings.warn(
            f"The best length factor {best.length_factor:.3g} makes a length shorter than two grid "
            "steps: refine the grid to use it.",
            DivandWarning,
            stacklevel=3,
        )
