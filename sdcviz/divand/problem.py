"""One analysis with its parameters left open: systems for other lengths and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .background import Background
from .errors import DivandError
from .grid import Array
from .observations import Observations, fractional_indices
from .system import Constraint, System

__all__ = ["Problem"]


class Problem:
    """Domain and observations of an analysis whose lengths and errors are looked for.

    What does not change is kept: the background of a length serves all errors.

    Parameters
    ----------
    mask, pmn, xi, x, corr_len, epsilon2, moddim, alpha, alphabc, scale_len, velocity, \
fracindex, solver
        As `analyse` takes them.
    f : array-like, shape (nobs,)
        Anomalies from the background.

    Raises
    ------
    DivandError
        Values that can't be compared with an analysis: none has influence, one is infinite,
        or all are equal.
    """

    def __init__(
        self,
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
        solver: str = "auto",
    ) -> None:
        self._values = np.asarray(f, np.float64)
        if self._values.ndim != 1:
            raise DivandError(f"f has the shape {self._values.shape}; give (nobs,).")
        if np.isinf(self._values).any():
            at = int(np.argmax(np.isinf(self._values)))
            raise DivandError(f"f is infinite at observation {at}; make it NaN to leave it out.")
        norm: dict[str, Any] = {"moddim": moddim, "alpha": alpha, "scale_len": scale_len}
        self._given = Background(mask, pmn, xi, corr_len, alphabc=alphabc, **norm)
        self._x, self._index = x, None if fracindex is None else np.asarray(fracindex, np.float64)
        self._valid = np.isfinite(self._values)
        if self._index is None:
            # Stretched rows reach farther out the longer the lengths are: places out there would
            # have influence in some trials only.
            plain = Background(mask, pmn, xi, corr_len, alphabc=0, **norm)
            places = fractional_indices(plain, x)
            if places.shape[1] != self.count:
                raise self._unequal(places.shape[1])
            self._valid &= np.isfinite(places).all(axis=0)
        self._epsilon2, self._velocity, self._solver = epsilon2, velocity, solver
        self._last: tuple[tuple[float, ...], System] | None = None
        values = self.values(self.system())
        if not len(values):
            raise DivandError(
                "No observation has an influence, so there is nothing to compare an analysis with: "
                "look at positions, mask and values."
            )
        if np.ptp(values) == 0:
            raise DivandError(
                f"All {len(values)} values are {values[0]:g}: they tell nothing of lengths and "
                "errors; give anomalies that vary."
            )

    def _unequal(self, places: int) -> DivandError:
        return DivandError(f"There are {self.count} values f and {places} places; give as many.")

    @property
    def count(self) -> int:
        """Observations, with influence or not."""
        return len(self._values)

    @property
    def ndim(self) -> int:
        """Dimensions of the grid."""
        return self._given.mask.ndim

    def values(self, system: System) -> Array:
        """Give the values of the observations with influence, shape (used,)."""
        return self._values[system.observations.used]

    def used(self, per_observation: ArrayLike, name: str, system: System) -> NDArray[Any]:
        """Give what belongs to the observations with influence.

        Parameters
        ----------
        per_observation : array-like, shape (nobs,)
        name : str
            For the sentence if its length is wrong.
        system : System

        Returns
        -------
        ndarray, shape (used,)
        """
        array = np.asarray(per_observation)
        if array.shape != self._values.shape:
            raise DivandError(
                f"{name} has the shape {array.shape} for {self.count} observations; "
                "give one entry each."
            )
        return array[system.observations.used]

    def system(self, lengths: Sequence[float] | float = 1.0, errors: ArrayLike = 1.0) -> System:
        """Give the system of multiples of lengths and errors.

        Parameters
        ----------
        lengths : float or sequence of float
            Multiplies the correlation lengths, of all or of each dimension.
        errors : float or array (used,)
            Multiplies the error variances.

        Returns
        -------
        System
        """
        factors = tuple(np.broadcast_to(np.asarray(lengths, np.float64), self.ndim).tolist())
        if self._last is None or self._last[0] != factors:
            self._last = (factors, self._observed(factors))
        system = self._last[1]
        return system.observing(system.observations.scaled(errors))

    def _observed(self, factors: tuple[float, ...]) -> System:
        background = self._given.scaled(factors)
        # Stretched boundaries move with the lengths, and with them indices of places.
        index = self._index
        if index is None:
            index = fractional_indices(background, self._x)
        if index.ndim == 2 and index.shape[1] != self.count:
            raise self._unequal(index.shape[1])
        observations = Observations(background, index, self._epsilon2, self._valid)
        constraints = []
        if self._velocity is not None:
            constraints.append(Constraint(background.advection(self._velocity)))
        return System(background, observations, constraints, self._solver)
