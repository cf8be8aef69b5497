"""The analysis: observations anywhere to a field on the grid."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from .background import Background
from .bounds import bounds_of
from .errors import DivandError, DivandWarning
from .given import along, places_of, values_of
from .grid import Array
from .observations import Observations
from .poor_man import cpme
from .system import Constraint, System

__all__ = ["Analysis", "analyse"]

_TRIES = 9  # corrections of a field that shall stay above a bound

ErrorMethod = Literal["cpme", "exact"]


@dataclass(frozen=True)
class Analysis:
    """Result of one analysis.

    Attributes
    ----------
    field : ndarray of the grid's shape
        Analysed anomaly in the unit of the observations, NaN on land. Several right-hand
        sides are the last dimension.
    error : ndarray or None
        Error variance relative to the variance of the background, between 0 and 1 away
        from boundaries; NaN on land.
    residuals : ndarray, shape (nobs,) or (nobs, k)
        Observation minus analysis; NaN for observations without influence.
    used : ndarray of bool, shape (nobs,)
        Observations with influence.
    solver : str
        What solved the system.
    iterations : int
        Of an iterative solver or of inequality constraints; 0 of a direct solution.
    system : System or None
        For diagnostics that go on with the same matrix.
    """

    field: Array
    error: Array | None
    residuals: Array
    used: NDArray[np.bool_]
    solver: str
    iterations: int = 0
    system: System | None = dataclasses.field(default=None, repr=False)


def analyse(
    mask: ArrayLike,
    pmn: Any,
    xi: Any,
    x: Any,
    f: ArrayLike,
    corr_len: Any,
    epsilon2: ArrayLike,
    *,
    moddim: ArrayLike | None = None,
    alpha: Sequence[float] | None = None,
    alphabc: float | Sequence[float] = 1.0,
    scale_len: bool = True,
    velocity: Any = None,
    fracindex: ArrayLike | None = None,
    inequality: Any = None,
    error: ErrorMethod | None = None,
    solver: str = "auto",
    memory: float | None = None,
) -> Analysis:
    """Analyse observations on a grid by the n-dimensional variational inverse method.

    The field ``x`` minimises ``x' B⁻¹ x + (f - H x)' R⁻¹ (f - H x)``: it is smooth over the
    correlation lengths, follows the coasts of the mask, and comes as close to the
    observations as their error lets it.

    Parameters
    ----------
    mask : array of bool
        Sea points of the grid, indices in the order longitude, latitude, depth, time.
    pmn : sequence of array
        Inverse resolution along each dimension (m⁻¹ where lengths are in m).
    xi : sequence of array
        Coordinates of the grid, each depending on one index only; not needed with
        `fracindex`.
    x : sequence of array-like, shape (nobs,)
        Coordinates of the observations, in the units of `xi`.
    f : array-like, shape (nobs,) or (nobs, k)
        Anomalies from the background; several columns are analysed with one factorisation.
        NaN has no influence.
    corr_len : float, sequence of float or sequence of array
        Correlation length of each dimension; 0 where there is none.
    epsilon2 : float, array (nobs,) or array (nobs, nobs)
        Error variance of the observations relative to the background variance, or their
        covariance matrix.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.
    alpha : sequence of float, optional
        Coefficients of the norm; binomial if left out.
    alphabc : float or sequence of float
        Stretching of the outermost cells; 1 comes close to an unbounded domain, 0 is off.
    scale_len : bool
        Whether the correlation at one length is 0.602 in any number of dimensions.
    velocity : sequence of array, optional
        Advection constraint: the field shall change little along it.
    fracindex : array-like, shape (n, nobs), optional
        Places of the observations as indices from 0 with fractions, instead of `x`.
    inequality : float, array or sequence of (operator, value), optional
        Lower bound of the field, or pairs that ask for ``operator @ x >= value`` at the sea
        points; approximately fulfilled, by a weak constraint where it is not.
    error : {None, "cpme", "exact"}
        Whether and how the error variance is computed: the clever poor man's error is an
        approximation at the price of a second analysis, "exact" inverts the matrix.
    solver : str
        "auto" takes what is faster and fits into memory; "direct" the first of the libraries
        that is installed: "multifrontal" (of this package), "cvxopt", "scikit-sparse",
        "pypardiso" or "scipy" (also "splu"), each of which can be named too; "iterative" is within
        about 1e-7 of the direct solution, and where it can't be used or does not converge, the
        system is solved directly.
    memory : float, optional
        Bytes that the solver may use; what is free if left out.

    Returns
    -------
    Analysis

    Raises
    ------
    DivandError
        Input of wrong shape or value, or an unknown solver; the sentence says which and where.
    TooLarge
        The problem does not fit into memory; the sentence says what would.

    Warns
    -----
    DivandWarning
        A correlation length is shorter than two grid steps, or there are no observations.

    References
    ----------
    Barth, Beckers, Troupin, Alvera-Azcárate, Vandenbulcke (2014): divand-1.0, Geosci. Model
    Dev. 7, 225-241. Beckers, Barth, Troupin, Alvera-Azcárate (2014): Approximate and
    efficient methods to assess error fields, J. Atmos. Oceanic Technol. 31, 515-530.
    """
    if error not in (None, "cpme", "exact"):
        raise DivandError(f"error is {error!r}; choose 'cpme', 'exact' or None.")
    values = values_of(f)
    background = Background(
        mask, pmn, xi, corr_len, moddim=moddim, alpha=alpha, alphabc=alphabc, scale_len=scale_len
    )
    _warn_of_resolution(background)
    index = places_of(background, x, fracindex, len(values))
    valid = np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
    observations = Observations(background, index, epsilon2, valid)
    if background.alpha[0] == 0:
        _check_means(background, observations)
    if not observations.count:
        warnings.warn(
            "No observation has an influence: the field is the background, the error 1.",
            DivandWarning,
            stacklevel=2,
        )
    system = System(
        background,
        observations,
        along(background, velocity),
        solver,
        because=_why_direct(error, inequality),
        columns=values.size // max(len(values), 1),
        factors=2 if error == "cpme" else 1,
        inverse=error == "exact",
        memory=memory,
    )
    given = values[observations.used]
    system, state, iterations = _solved(system, given, inequality)
    residuals = np.full(values.shape, np.nan)
    residuals[observations.used] = given - observations.operator @ state
    variance: Array | None = None
    if error == "exact":
        variance = background.unpack(system.error_variance())
    elif error == "cpme":
        places = None if fracindex is None else index
        variance = cpme(background, x, places, epsilon2, valid, velocity, solver, memory)
    return Analysis(
        background.unpack(state),
        variance,
        residuals,
        observations.used,
        system.solver,
        iterations,
        system,
    )


def _solved(system: System, given: Array, inequality: Any) -> tuple[System, Array, int]:
    """Give the system that was solved in the end, its solution and the steps that it took."""
    if inequality is not None:
        return _bounded(system, given, inequality)
    state = system.solve(given)
    return system, state, system.iterations


def _why_direct(error: ErrorMethod | None, inequality: Any) -> str | None:
    if error == "exact":
        return "the exact error needs the factor"
    return None if inequality is None else "the field has bounds"


def _warn_of_resolution(background: Background) -> None:
    steps, dimension = background.coarsest()
    if steps < 2:
        warnings.warn(
            f"The correlation length of dimension {dimension} spans only {steps:.2g} grid steps "
            "at its shortest; at least 2 are needed for a field that the grid can hold: refine "
            "the grid or lengthen it.",
            DivandWarning,
            stacklevel=3,
        )


def _check_means(background: Background, observations: Observations) -> None:
    """Refuse a norm that leaves the mean of each basin free where nothing else tells it."""
    count, basin = connected_components(background.stiffness, directed=False)
    seen = np.zeros(count, bool)
    seen[basin[observations.operator.indices]] = True
    if not seen.all():
        raise DivandError(
            "alpha begins with 0, which leaves the mean of each basin free, and "
            f"{count - seen.sum()} of {count} basins have no observation; begin alpha with 1, or "
            "keep one basin."
        )


def _bounded(system: System, given: Array, bounds: Any) -> tuple[System, Array, int]:
    """Solve again with weak constraints where a bound is broken, until none is."""
    if given.ndim != 1:
        raise DivandError("An inequality needs values of one analysis; give f as (nobs,).")
    state = system.solve(given)
    pairs = bounds_of(system.background, bounds)
    bounded = system
    for tries in range(_TRIES):
        wanted = []
        for operator, value in pairs:
            off = operator @ state - value
            broken = off <= 0
            if broken.any():
                variance = 1e-7 + 1e-8 * float(np.mean(off**2))
                wanted.append(Constraint(operator[broken], value[broken], variance))
        if not wanted:
            return bounded, state, tries
        bounded = system.constrained(wanted)
        state = bounded.solve(given)
    return bounded, state, _TRIES
