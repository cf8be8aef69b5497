"""What made a value: the observations around it, and how much each of them counts.

Where the analysis can be repeated, `sdcviz.analyses.gain` gives the weights, and `listed` tells
what they belong to. For other products the weights are those of the optimal interpolation that
DIVAnd is equal to in an open domain, solved for the observations around only:

    (C + R) w = c,     C_ij = K(d_ij),   c_i = K(d_i0),   R = ε² / (cluster weight)

with DIVAnd's Matérn kernel ``K`` of distances in correlation lengths. ``w_i`` is what the
analysed value changes by when observation ``i`` is changed by one unit. Coasts, currents and
lengths that vary over the map are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .lines import distance_km
from .places import EARTH_KM

if TYPE_CHECKING:
    import xarray as xr

    from .product import Product
    from .used import Used

__all__ = ["MOST", "Covariance", "covariance_of", "influence", "listed", "local_weights"]

MOST = 500
"""Observations whose system is solved; the nearest ones."""
REACH = 3.0
"""Lengths within which observations are looked for: beyond, the correlation is below 0.13."""


@dataclass(frozen=True)
class Covariance:
    """How far observations count.

    Attributes
    ----------
    horizontal : float
        Correlation length, km.
    vertical : float
        Correlation length, m; 0 where levels were analysed by themselves.
    epsilon2 : float
        Error variance of an observation relative to the variance of the field.
    cluster : (float, float, float) or None
        Kilometres, metres and days within which observations share their weight.
    source : str
        Where these numbers come from, for people.
    """

    horizontal: float
    vertical: float
    epsilon2: float
    cluster: tuple[float, float, float] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not (self.horizontal > 0 and self.vertical >= 0 and self.epsilon2 > 0):
            raise BadRequest(
                "Correlation lengths and epsilon2 have to be greater than 0 "
                "(a vertical length of 0: the level by itself)."
            )


def covariance_of(product: Product, depth: float | None, step: int) -> Covariance | None:
    """Read lengths and noise out of what the product tells of its analysis.

    Returns
    -------
    Covariance or None
        None where it tells nothing: it was not made by sdcviz.
    """
    from .notes import notes_of
    from .used import recipe_of

    noted, recipe = notes_of(product), recipe_of(product)
    notes = noted[step] if 0 <= step < len(noted) else {}
    if not notes.get("horizontal"):
        return None
    levels = product.grid().depth
    z = 0 if depth is None or not len(levels) else int(np.abs(levels - depth).argmin())

    def at(name: str) -> float:
        given = np.ravel(notes.get(name) or [0.0])
        return float(given[min(z, len(given) - 1)])

    return Covariance(
        at("horizontal") / 1000, at("vertical"), float(notes.get("epsilon2", 1.0)),
        recipe.get("cluster"), "the recipe of the product",
    )  # fmt: skip


def influence(
    product: Product,
    lon: float,
    lat: float,
    depth: float | None,
    step: int,
    observations: Used,
    covariance: Covariance,
    most: int = MOST,
) -> xr.Dataset:
    """List the observations around a place and what each of them weighs.

    Parameters
    ----------
    product : Product
    lon, lat, depth, step
        Where and when.
    observations : Used
        Those of the time step.
    covariance : Covariance
    most : int
        So many of the nearest ones are taken.

    Returns
    -------
    xarray.Dataset
        Along ``observation``, the greatest weight first: ``distance`` (km), ``above`` (m, positive
        above the place), ``lengths`` (distance in correlation lengths), ``correlation``, ``weight``
        and what is known of the observation. ``attrs``: ``total``, how many lie within reach;
        ``rebuilt``, the weighted sum, with the mean of these observations as ``background``.
    """
    away, within, found = _around(lon, lat, depth, observations, covariance, most)
    o, c = observations.take(found), covariance
    weight, correlation, mean = _solved((lon, lat, depth), o, c)
    attrs = {
        "formula": "(C + R) w = c, C_ij = K(d_ij), c_i = K(d_i0), R = epsilon2 / cluster weight; "
        "K is DIVAnd's Matern kernel of distances in correlation lengths",
        "horizontal_length_km": c.horizontal,
        "vertical_length_m": c.vertical,
        "epsilon2": c.epsilon2,
        "covariance_from": c.source,
        "total": within,
    }
    if len(found):
        level = float(mean @ o.value)
        attrs |= {"background": level, "rebuilt": level + float(weight @ (o.value - level))}
    more: dict[str, Any] = {
        "lengths": (away[found], {"units": "1", "long_name": "distance in lengths"}),
        "correlation": (correlation, {"units": "1"}),
    }
    return listed(product, (lon, lat, depth), o, weight, more, attrs)


def listed(
    product: Product,
    at: tuple[float, float, float | None],
    observations: Used,
    weight: NDArray[np.float64],
    more: dict[str, Any],
    attrs: dict[str, Any],
) -> xr.Dataset:
    """List observations by what they weigh.

    Parameters
    ----------
    product : Product
    at : (float, float, float or None)
        Longitude, latitude, depth of the value.
    observations : Used
        Those that count, with texts as str.
    weight : ndarray, shape (k,)
    more : dict
        Further columns with their attributes.
    attrs : dict
        How the weights were found.

    Returns
    -------
    xarray.Dataset
        See `influence`.
    """
    import xarray as xr

    order = np.argsort(-np.abs(weight), kind="stable")
    o, (lon, lat, depth) = observations.take(order), at
    one = "observation"
    km = distance_km(lon, lat, o.lon, o.lat)
    held: dict[str, Any] = {
        "distance": (one, km, {"units": "km", "long_name": "great-circle distance"}),
        "above": (one, (depth or 0.0) - o.depth, {"units": "m", "long_name": "height above"}),
        "weight": (one, weight[order], {"units": "1", "long_name": "change of the value per unit"}),
        **{name: (one, values[order], told) for name, (values, told) in more.items()},
        "observed": (one, o.value),
        "residual": (one, o.residual, {"long_name": "observation minus product"}),
        "id": (one, o.id),
        "cruise": (one, o.cruise),
        "edmo": (one, o.edmo),
    }
    places = {k: (one, getattr(o, k)) for k in ("lon", "lat", "depth", "time")}
    about = {
        "title": f"Observations behind a value of {product.name}",
        "sum_of_weights": float(weight.sum()),
        "source": product.path,
    }
    return xr.Dataset(held, places, about | attrs)


def _around(
    lon: float, lat: float, depth: float | None, o: Used, c: Covariance, most: int
) -> tuple[NDArray, int, NDArray[np.int64]]:
    """Find the nearest observations, by their distance in lengths."""
    away = np.full(len(o), np.inf)
    near = np.flatnonzero(np.abs(o.lat - lat) <= np.degrees(REACH * c.horizontal / EARTH_KM) + 1e-9)
    squared = (distance_km(lon, lat, o.lon[near], o.lat[near]) / c.horizontal) ** 2
    if depth is not None and c.vertical > 0:
        squared = squared + ((o.depth[near] - depth) / c.vertical) ** 2
    away[near] = np.sqrt(np.where(np.isnan(squared), np.inf, squared))
    within = np.flatnonzero(away <= REACH)
    nearest = within
    if len(within) > most:
        nearest = within[np.argpartition(away[within], most - 1)[:most]]
    return away, len(within), nearest[np.argsort(away[nearest], kind="stable")]


def local_weights(
    at: tuple[float, float, float | None], o: Used, c: Covariance
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solve the optimal interpolation of one place.

    Parameters
    ----------
    at : (float, float, float or None)
        Longitude, latitude, depth.
    o : Used
        Some hundred observations at most: the system is solved densely.
    c : Covariance

    Returns
    -------
    weight, correlation : ndarray of float64
        What each observation counts, and how the field there correlates with that here.
    """
    return _solved(at, o, c)[:2]


def _solved(
    at: tuple[float, float, float | None], o: Used, c: Covariance
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give weights, correlations, and what each observation counts in their mean."""
    from scipy.linalg import cho_factor, cho_solve

    from ..divand import Kernel
    from ..divand.kernel import default_alpha

    if not len(o):
        return np.empty(0), np.empty(0), np.empty(0)
    deep = at[2] is not None and c.vertical > 0
    dims = 3 if deep else 2
    kernel = Kernel.of(dims, default_alpha(dims))
    scale = kernel.len_scale

    def correlated(lon: Any, lat: Any, depth: Any) -> NDArray[np.float64]:
        squared = (distance_km(o.lon, o.lat, lon, lat) / c.horizontal) ** 2
        if deep:
            squared = squared + ((o.depth - depth) / c.vertical) ** 2
        return np.asarray(kernel(scale * np.sqrt(squared)))

    to_place = correlated(at[0], at[1], at[2])
    between = correlated(o.lon[:, None], o.lat[:, None], o.depth[:, None])
    noise = np.full(len(o), c.epsilon2)
    if c.cluster is not None:
        noise = noise / _cluster(o, c.cluster)
    between[np.diag_indices(len(o))] += noise
    weight, mean = cho_solve(
        cho_factor(between, lower=True), np.stack([to_place, np.ones(len(o))], axis=1)
    ).T
    return weight, to_place, mean / mean.sum()


def _cluster(o: Used, lengths: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the weights of observations in clusters, as the analysis makes them."""
    from ..divand import cluster_weights

    across, down, days = lengths
    lon, lat = np.radians(o.lon), np.radians(o.lat)
    places = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    where: list[Any] = [EARTH_KM * p for p in places]
    scales = [across] * 3
    if down > 0 and np.isfinite(o.depth).all():
        where.append(o.depth)
        scales.append(down)
    if days > 0 and not np.isnat(o.time).any():
        where.append((o.time - o.time.min()) / np.timedelta64(1, "D"))
        scales.append(days)
    return cluster_weights(where, scales)
