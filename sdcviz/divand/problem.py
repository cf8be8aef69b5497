"""One analysis with its parameters left open: systems for other lengths and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .background import Background
from .errors import DivandError
from .given import along, places_of, values_of
from .grid import Array
from .observations import Observations
from .system import System

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
        self._values = values_of(f, columns=False)
        norm: dict[str, Any] = {"moddim": moddim, "alpha": alpha, "scale_len": scale_len}
        self._given = Background(mask, pmn, xi, corr_len, alphabc=alphabc, **norm)
        self._x, self._index = x, None if fracindex is None else np.asarray(fracindex, np.float64)
        self._valid = np.isfinite(self._values)
        if self._index is None:
            # Stretched rows reach farther out the longer the lengths are: places out there would
            # have influence in some trials only.
            plain = Background(mask, pmn, xi, corr_len, alphabc=0, **norm)
            places = places_of(plain, x, None, self.count)
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
        index = places_of(background, self._x, self._index, self.count)
        observations = Observations(background, index, self._epsilon2, self._valid)
        return System(background, observations, along(background, self._velocity), self._solver)
