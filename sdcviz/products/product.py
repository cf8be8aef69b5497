"""A gridded product that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from .extracting import Extracting
from .field import Field, SourceField
from .grid import Grid, grid_of
from .roles import FieldRoles, Roles, find_roles
from .source import Source

if TYPE_CHECKING:
    from .copies import Prepared

__all__ = ["Product"]


class Product(Extracting):
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
                if copy is None and self._copies and name in self._copies.variables:
                    self._copies = None  # swept or being replaced: look again later
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
        from .copies import find_prepared

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
