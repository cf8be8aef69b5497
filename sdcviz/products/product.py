"""A gridded product that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest, NotFound
from .field import Field, SourceField
from .grid import Grid, grid_of
from .places import Method
from .roles import FieldRoles, Roles, find_roles
from .source import Source
from .times import When
from .view import Mask

if TYPE_CHECKING:
    import xarray as xr

    from .maps import MapBytes
    from .preparation import Prepared

__all__ = ["Product"]


class Product:
    """A gridded result: fields on longitude, latitude and, where it has them, depth and time.

    Made by `sdcviz.open_product`. Values are read from the file until the product is prepared
    (`prepare`), from then on out of memory-mapped copies.

    Attributes
    ----------
    source : Source
        What it reads from.
    roles : Roles
        What dimensions and variables are.
    """

    def __init__(self, source: Source, roles: Mapping[str, Any] | None = None) -> None:
        self.source = source
        self.given = dict(roles or {})
        self.roles: Roles = find_roles(source, roles)
        self._grids: dict[tuple[str, ...], Grid] = {}
        self._fields: dict[str, Field] = {}
        self._lock = Lock()
        self._copies: Prepared | None = None
        self._provenance: dict[str, str] | None = None
        self.look_for_copies()

    # ---- what it is -------------------------------------------------------------
    @property
    def path(self) -> str:
        """File, folder or address."""
        return self.source.path

    @property
    def name(self) -> str:
        """Short name for people."""
        return self.source.name

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Global attributes of the file."""
        return self.source.attrs

    @property
    def variables(self) -> list[str]:
        """Names of the fields, the likeliest first."""
        return list(self.roles.fields)

    def __repr__(self) -> str:
        nt, nz, ny, nx = self.grid().shape
        state = "prepared" if self.prepared else "not prepared"
        fields = ", ".join(self.variables)
        return f"<Product {self.name!r}: {fields}; {nt} x {nz} x {ny} x {nx}, {state}>"

    def named(self, variable: str = "") -> str:
        """Return the name of a field; the likeliest one for an empty name.

        Raises
        ------
        NotFound
            There is no such variable on the grid.
        """
        if not variable:
            return self.variables[0]
        known = [*self.roles.fields, *self.roles.beside]
        copies = [n for f in self.roles.fields.values() for n in (f.error, *f.masked.values()) if n]
        if variable in known or variable in copies:
            return variable
        folded = {k.casefold(): k for k in [*known, *copies]}
        if variable.casefold() in folded:
            return folded[variable.casefold()]
        near = get_close_matches(variable, folded.values(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self.variables)}."
        raise NotFound(f"{self.name} has no variable {variable!r}; {hint}")

    def roles_of(self, variable: str) -> FieldRoles:
        """Return what stands beside a field."""
        return self.roles.fields.get(variable, FieldRoles())

    def with_roles(self, **roles: Any) -> Product:
        """Return the product with corrected roles; see `sdcviz.open_product`."""
        return Product(self.source, {**self.given, **roles})

    def grid(self, variable: str = "") -> Grid:
        """Return the axes of a field."""
        declared = self.source.variables[self.named(variable)]
        with self._lock:
            if declared.dims not in self._grids:
                self._grids[declared.dims] = grid_of(self.source, self.roles, declared)
            return self._grids[declared.dims]

    def field(self, variable: str = "") -> Field:
        """Return the values of a variable, prepared ones where there are any."""
        name = self.named(variable)
        grid = self.grid(name)
        with self._lock:
            if name not in self._fields:
                copy = self._copies.field(name, self.source, grid) if self._copies else None
                declared = self.source.variables[name]
                self._fields[name] = copy or SourceField(self.source, self.roles, declared, grid)
            return self._fields[name]

    def unit_of(self, variable: str = "") -> str:
        """Return the unit of a field as people write it."""
        from ..vocabularies import unit_label

        return unit_label(self.source.variables[self.named(variable)].text("units"))

    def quantity_of(self, variable: str = "") -> str:
        """Return the key of what a field measures, such as "temperature"; "" if unknown."""
        from ..vocabularies import quantity

        declared = self.source.variables[self.named(variable)]
        urn = declared.text("sdn_parameter_urn")
        p01 = urn.rpartition(":")[2] if "P01" in urn else ""
        found = quantity(
            p01, declared.name, declared.text("standard_name"), declared.text("units")
        )  # fmt: skip
        return found.key if found else ""

    @property
    def warnings(self) -> list[str]:
        """What a visitor should know: undecodable times, damaged parts found so far."""
        from .answers import broken_sentence

        told = [g.times.warning for g in self._grids.values() if g.times.warning]
        for name, field in self._fields.items():
            if field.broken():
                told.append(broken_sentence(name, field))
        return told

    def info(self) -> dict[str, Any]:
        """Describe the product for a catalogue, as ``sdcviz product --json`` prints it."""
        from .catalogue import describe

        return describe(self)

    def close(self) -> None:
        """Let go of the file; the next reading opens it again."""
        self.source.close()

    # ---- copies -----------------------------------------------------------------
    @property
    def prepared(self) -> bool:
        """Whether maps and columns come from memory-mapped copies."""
        return self._copies is not None

    def look_for_copies(self) -> bool:
        """Use prepared copies if a preparation has finished meanwhile; tell whether there are."""
        from .preparation import find_prepared

        if self._copies is None:
            found = find_prepared(self.source, self.roles)
            if found is not None:
                with self._lock:
                    self._copies = found
                    self._fields.clear()
                # An open file could not be written by others.
                self.source.close()
        return self.prepared

    def prepare(self, progress: Any = None, variables: Sequence[str] | None = None) -> Product:
        """Make the two memory-mapped copies; see `sdcviz.products.prepare`."""
        from .preparation import prepare

        prepare(self, progress=progress, variables=variables)
        self._copies = None
        self.look_for_copies()
        return self

    # ---- extracting -------------------------------------------------------------
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

        return profile(self, lon, lat, time, variable, mask, interpolation)

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

        return timeseries(self, lon, lat, depth, variable, mask, interpolation)

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
            self, lon, lat, line, depth, points, variable, mask, interpolation
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

        return section(self, line, time, points, variable, mask, interpolation)

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

        return layer(self, variable, depth, time, mask, what)

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

        return map_bytes(self, variable, depth, time, mask, limits, what)

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
            observations = samples_of(self, observations, variable, parameter)
        given = places_of(observations, lon, lat, depth, time)
        return collocate(self, given, variable, mask, interpolation, time_interpolation)

    # ---- derived ----------------------------------------------------------------
    def isosurface(
        self, value: float, time: When = None, *, variable: str = "", mask: Mask = None
    ) -> xr.DataArray:
        """Map the depth at which the field first has a value, such as that of 14 degrees."""
        from .derived import isosurface

        return isosurface(self, value, time, variable, mask)

    def mixed_layer_depth(
        self, time: When = None, *, temperature: str = "", salinity: str = "", **criterion: Any
    ) -> xr.DataArray:
        """Map the depth of the mixed layer; see `sdcviz.products.derived`."""
        from .derived import mixed_layer_depth

        return mixed_layer_depth(self, time, temperature, salinity, **criterion)

    def sigma0(
        self, time: When = None, *, temperature: str = "", salinity: str = ""
    ) -> xr.DataArray:
        """Compute the potential density anomaly of one step (TEOS-10)."""
        from .derived import sigma0

        return sigma0(self, time, temperature, salinity)

    def values(self, variable: str, time: When = None) -> NDArray[np.floating]:
        """Return one step of a field as (depth, lat, lon).

        Raises
        ------
        BadRequest
            The product does not cover the time.
        """
        field = self.field(variable)
        t = field.grid.times.find(time)
        if t < 0:
            raise BadRequest(f"{self.name} does not cover {time}.")
        return np.stack([field.layer(t, z) for z in range(field.grid.shape[1])])
