"""What can be taken out of a product: the methods of `Product`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .places import Method
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .maps import MapBytes
    from .product import Product

__all__ = ["Extracting"]


class Extracting:
    """The extractions of a product and what follows from its fields."""

    @property
    def _product(self) -> Product:
        return cast("Product", self)

    def profile(
        self,
        lon: float,
        lat: float,
        time: When = None,
        *,
        variable: str = "",
        mask: Mask = None,
        interpolation: Method = "bilinear",
    ) -> xr.Dataset:
        """Extract the values at all depths of a place.

        Parameters
        ----------
        lon, lat : float
            Degrees.
        time : int, str or date
            Step of the product: its number from 0, its label ("July"), or a date in it. The first
            one if left out; ``attrs["assumed"]`` says so.
        variable : str
            Field; the likeliest one if empty.
        mask : {"L1", "L2"} or float, optional
            Leave out what is more uncertain: the copies of the file, or the greatest relative
            error variance.
        interpolation : {"bilinear", "nearest"}
            Bilinear weighs the sea points around.

        Returns
        -------
        xarray.Dataset
            ``value`` and ``error`` (where the product has one) along ``depth``. On land or
            outside they are NaN, and ``attrs["answer"]`` says so.
        """
        from .extract import profile

        return profile(self._product, lon, lat, time, variable, mask, interpolation)

    def timeseries(
        self,
        lon: float,
        lat: float,
        depth: float | None = None,
        *,
        variable: str = "",
        mask: Mask = None,
        interpolation: Method = "bilinear",
    ) -> xr.Dataset:
        """Extract the values of all times at a place and depth; see `profile`."""
        from .extract import timeseries

        return timeseries(self._product, lon, lat, depth, variable, mask, interpolation)

    def hovmoller(
        self,
        lon: float | None = None,
        lat: float | None = None,
        *,
        line: str | Sequence[Any] | None = None,
        depth: float | None = None,
        points: int = 200,
        variable: str = "",
        mask: Mask = None,
        interpolation: Method = "bilinear",
    ) -> xr.Dataset:
        """Extract a Hovmöller diagram.

        Longitude and latitude give depth against time at that place; a line gives distance
        against time at a depth; one latitude gives longitude against time, one longitude
        latitude against time. See `profile` for the rest.
        """
        from .extract import hovmoller

        return hovmoller(
            self._product, lon, lat, line, depth, points, variable, mask, interpolation
        )  # fmt: skip

    def section(
        self,
        line: str | Sequence[Any],
        time: When = None,
        *,
        points: int = 200,
        variable: str = "",
        mask: Mask = None,
        interpolation: Method = "bilinear",
    ) -> xr.Dataset:
        """Extract a vertical section along a line of great circles.

        Parameters
        ----------
        line : str or sequence of (lon, lat)
            Corners; as text ``"3,42 5,41.5"``.
        time, variable, mask, interpolation
            See `profile`.
        points : int
            Number of points along the line.

        Returns
        -------
        xarray.Dataset
            Along ``distance`` (kilometres) and ``depth``; ``bottom`` is the deepest level with a
            value.
        """
        from .extract import section

        return section(self._product, line, time, points, variable, mask, interpolation)

    def layer(
        self,
        depth: float | None = None,
        time: When = None,
        *,
        variable: str = "",
        mask: Mask = None,
        what: str = "value",
    ) -> xr.DataArray:
        """Return the map of one level and step; see `map` for the parameters."""
        from .maps import layer

        return layer(self._product, variable, depth, time, mask, what)

    def map(
        self,
        variable: str = "",
        depth: float | None = None,
        time: When = None,
        *,
        mask: Mask = None,
        limits: tuple[float, float] | None = None,
        what: str = "value",
    ) -> MapBytes:
        """Make the map of one level and step as bytes for a browser.

        Parameters
        ----------
        variable : str
        depth : float, optional
            The nearest level.
        time : int, str or date
        mask : {"L1", "L2"} or float, optional
        limits : (float, float), optional
            Range of the colours; that of the values if left out. What lies outside is marked.
        what : {"value", "error"}

        Returns
        -------
        MapBytes
        """
        from .maps import map_bytes

        return map_bytes(self._product, variable, depth, time, mask, limits, what)

    def at(
        self,
        observations: Any = None,
        *,
        lon: ArrayLike | None = None,
        lat: ArrayLike | None = None,
        depth: ArrayLike | None = None,
        time: ArrayLike | None = None,
        variable: str = "",
        mask: Mask = None,
        interpolation: Method = "bilinear",
        time_interpolation: str = "nearest",
        parameter: str = "",
    ) -> xr.Dataset:
        """Interpolate the product to observations.

        Parameters
        ----------
        observations : optional
            A selection of a collection (``collection.where(...)``), a collection, a pandas table
            or a mapping with ``lon``, ``lat``, ``depth`` and ``time``.
        lon, lat, depth, time : array-like
            Or these by themselves.
        variable, mask, interpolation
            See `profile`.
        time_interpolation : {"nearest", "linear"}
            The step that holds the time, or linear between two.

        parameter : str
            Of a collection or selection: what was observed; what the field is if empty.

        Returns
        -------
        xarray.Dataset
            Along ``observation``: ``value``, ``error`` (where there is one), ``answer`` (0: value,
            1: outside the grid, 2: land or below the bottom, 3: masked); with observed values
            also ``observed`` and ``residual`` (observation minus product).
        """
        from .collocation import collocate, places_of, samples_of

        if observations is not None:
            observations = samples_of(self._product, observations, variable, parameter)
        given = places_of(observations, lon, lat, depth, time)
        return collocate(self._product, given, variable, mask, interpolation, time_interpolation)

    def area(
        self, where: str | Sequence[Any], *, variable: str = "", mask: Mask = None
    ) -> xr.Dataset:
        """Summarise a field over an area, at all times and depths.

        Parameters
        ----------
        where : str or sequence
            West, south, east, north; or corners of a polygon, as text ``"3,40 6,40 6,43"``.
        variable, mask
            See `profile`.

        Returns
        -------
        xarray.Dataset
            ``value`` (mean, weighed by the area of the cells), ``spread``, ``least``, ``most`` and
            ``points`` along ``time`` and ``depth``: one step is the mean profile, one level the
            mean series, the whole a Hovmöller diagram.
        """
        from .areas import area

        return area(self._product, where, variable, mask)

    def census(
        self,
        where: str | Sequence[Any],
        time: When = None,
        *,
        classes: int | Sequence[float] = 20,
        variable: str = "",
        mask: Mask = None,
    ) -> xr.Dataset:
        """Tell how much water of an area has which value.

        Parameters
        ----------
        where : str or sequence
            See `area`.
        time, variable, mask
            See `profile`.
        classes : int or sequence of float
            How many, or their bounds.

        Returns
        -------
        xarray.Dataset
            ``volume`` (km³) along ``class``.
        """
        from .areas import census

        return census(self._product, where, time, classes, variable, mask)

    # ---- derived ----------------------------------------------------------------
    def isosurface(
        self, value: float, time: When = None, *, variable: str = "", mask: Mask = None
    ) -> xr.DataArray:
        """Map the depth at which the field first has a value, such as that of 14 degrees."""
        from .derived import isosurface

        return isosurface(self._product, value, time, variable, mask)

    def mixed_layer_depth(
        self, time: When = None, *, temperature: str = "", salinity: str = "", **criterion: Any
    ) -> xr.DataArray:
        """Map the depth of the mixed layer; see `sdcviz.products.derived`."""
        from .derived import mixed_layer_depth

        return mixed_layer_depth(self._product, time, temperature, salinity, **criterion)

    def sigma0(
        self, time: When = None, *, temperature: str = "", salinity: str = ""
    ) -> xr.DataArray:
        """Compute the potential density anomaly of one step (TEOS-10)."""
        from .derived import sigma0

        return sigma0(self._product, time, temperature, salinity)

    def values(self, variable: str, time: When = None) -> NDArray[np.floating]:
        """Return one step of a field as (depth, lat, lon).

        Raises
        ------
        BadRequest
            The product does not cover the time.
        """
        field = self._product.field(variable)
        t = field.grid.times.find(time)
        if t < 0:
            raise BadRequest(f"{self._product.name} does not cover {time}.")
        return np.stack([field.layer(t, z) for z in range(field.grid.shape[1])])
