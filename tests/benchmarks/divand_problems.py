"""Problems of interpolation for the benchmarks, in terms that the authors' toolbox shares.

Lengths are not scaled, boundaries not stretched, and no observation lies beside land: there
the toolbox keeps weights that do not sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Problem:
    """One analysis: coordinates of the grid, lengths, places and values of observations."""

    mask: NDArray[np.bool_]
    pmn: list[NDArray]
    axes: list[NDArray]
    lengths: list[float]
    x: list[NDArray]
    f: NDArray
    epsilon2: float

    @property
    def xi(self) -> list[NDArray]:
        """Give the coordinates of all grid points."""
        return np.meshgrid(*self.axes, indexing="ij")

    def save(self, path: Path) -> None:
        """Write it for Octave and for ours."""
        from scipy.io import savemat

        names = {f"{name}{k}": a for name in ("pmn", "xi", "x")
                 for k, a in enumerate(getattr(self, name), 1)}  # fmt: skip
        names |= {"mask": self.mask, "f": self.f, "epsilon2": self.epsilon2}
        names |= {f"len{k}": float(L) for k, L in enumerate(self.lengths, 1)}
        column = {n: a[:, None] if np.ndim(a) == 1 else a for n, a in names.items()}
        # Octave would calculate with integers as such.
        savemat(path, column | {"n": float(self.mask.ndim)})

    @staticmethod
    def load(path: Path) -> dict[str, Any]:
        """Read it as the arguments of `analyse`."""
        from scipy.io import loadmat

        stored = loadmat(path)
        ks = range(1, int(stored["n"].item()) + 1)
        shape = stored["mask"].shape
        return {
            "mask": stored["mask"].astype(bool),
            "pmn": tuple(stored[f"pmn{k}"].reshape(shape) for k in ks),
            "xi": tuple(stored[f"xi{k}"].reshape(shape) for k in ks),
            "x": tuple(stored[f"x{k}"].ravel() for k in ks),
            "f": stored["f"].ravel(),
            "corr_len": tuple(float(stored[f"len{k}"].item()) for k in ks),
            "epsilon2": float(stored["epsilon2"].item()),
        }


def box(shape: tuple[int, ...], lengths: tuple[float, ...], seed: int = 0) -> Problem:
    """Make a box of unit sides with land in a corner and an island, observations anywhere."""
    axes = [np.linspace(0, 1, s) for s in shape]
    x, y, *_ = np.meshgrid(*axes, indexing="ij", sparse=True)
    land = ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.15**2) | ((x < 0.15) & (y < 0.15))
    mask = ~np.broadcast_to(land, shape)
    rng = np.random.default_rng(seed)
    places = rng.random((len(shape), int(0.02 * mask.sum()) + 200))
    return _measured(mask, axes, lengths, places, rng)


def cruises(
    shape: tuple[int, ...], lengths: tuple[float, ...], stations: int, seed: int = 0
) -> Problem:
    """Make the Mediterranean with the tracks of the demo's cruises; other axes of unit length.

    Lengths are in degrees; a station measures at every level.
    """
    from sdcviz.demo.cruises import Fleet
    from sdcviz.demo.sea import SEAS, track
    from sdcviz.geo.land import on_land

    rng = np.random.default_rng(seed)
    axes = [np.linspace(-6, 36.5, shape[0]), np.linspace(30, 46, shape[1])]
    axes += [np.linspace(0, 1, s) for s in shape[2:]]
    sea = ~on_land(axes[0][None, :], axes[1][:, None]).T
    mask = np.broadcast_to(sea.reshape(*sea.shape, *(1 for _ in shape[2:])), shape)
    fleet = Fleet.plan(stations, rng)
    stops = [
        track(SEAS[of], int(size), float(rng.uniform(9, 28)), rng)
        for of, size in zip(fleet.sea, fleet.size, strict=True) if size
    ]  # fmt: skip
    lon, lat = np.concatenate(stops).T
    others = np.meshgrid(*axes[2:], indexing="ij")
    # The toolbox leaves out what lies on the first and last level exactly.
    levels = [np.tile(np.clip(o.ravel(), 1e-9, 1 - 1e-9), len(lon)) for o in others]
    repeat = levels[0].size // len(lon) if levels else 1
    places = np.stack([np.repeat(lon, repeat), np.repeat(lat, repeat), *levels])
    return _measured(mask, axes, lengths, places, rng)


def _measured(
    mask: NDArray, axes: list[NDArray], lengths: tuple[float, ...], places: NDArray, rng: Any
) -> Problem:
    low = [np.searchsorted(a, p, "right") - 1 for a, p in zip(axes, places, strict=True)]
    low = [np.clip(i, 0, s - 2) for i, s in zip(low, mask.shape, strict=True)]
    inside = np.ones(places.shape[1], bool)
    for corner in np.ndindex(*(2,) * mask.ndim):
        inside &= mask[tuple(i + c for i, c in zip(low, corner, strict=True))]
    for a, p in zip(axes, places, strict=True):
        inside &= (p >= a[0]) & (p <= a[-1])
    places = places[:, inside]
    phase = [2 * np.pi * (p - a[0]) / np.ptp(a) for a, p in zip(axes, places, strict=True)]
    f = np.sin(phase[0]) * np.cos(0.8 * phase[1]) + 0.2 * sum(phase[2:], np.zeros(1))
    f = f + 0.2 * rng.standard_normal(places.shape[1])
    pmn = [np.full(mask.shape, 1 / (a[1] - a[0])) for a in axes]
    return Problem(np.array(mask), pmn, axes, list(lengths), list(places), f, 0.5)
