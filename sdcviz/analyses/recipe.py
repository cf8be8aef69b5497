"""The recipe: everything that decides what an analysis gives, as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from .about import Metadata
from .levels import LEVEL_SETS, Levels, read_levels
from .periods import Time, read_time
from .quantities import lengths, memory_size, told_lengths

__all__ = ["Background", "Clamp", "Domain", "Lengths", "Recipe", "Run", "Transformation", "Weights"]


_LENGTH = {"type": "string", "pattern": r"^[0-9.eE+]+ ?(m|km)$", "examples": ["80 km", "50 m"]}
_SIZE = {"type": "string", "pattern": r"^[0-9.]+ ?(MB|GB)$", "examples": ["4 GB"]}

LengthOrLevels = Annotated[
    Any,
    PlainValidator(lengths),
    PlainSerializer(told_lengths),
    WithJsonSchema(
        {"anyOf": [_LENGTH, {"type": "array", "items": _LENGTH}, {"const": "fit"}]},
    ),
]
Size = Annotated[
    int,
    PlainValidator(memory_size),
    PlainSerializer(lambda v: f"{v / 1e6:.6g} MB"),
    WithJsonSchema(_SIZE),
]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Part(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _named(first: str) -> Callable[[Any], Any]:
    """Take one word for a part whose first key it is."""

    def read(value: Any) -> Any:
        if value is None:
            return {first: "none"}
        return {first: value} if isinstance(value, str) else value

    return read


def _switch(value: Any) -> Any:
    """Take true and false for the usual and for none."""
    return {True: "auto", False: "none"}[value] if isinstance(value, bool) else value


def _two(value: Any) -> Any:
    return [value, value] if isinstance(value, (int, float)) else value


def _box(value: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = value
    if not -90 <= south < north <= 90:
        raise ValueError(
            f"the latitudes {south:g} to {north:g} are no range within -90 to 90; "
            "give west, south, east, north"
        )
    if not (-180 <= west <= 360 and -180 <= east <= 360) or west == east:
        raise ValueError(
            f"the longitudes {west:g} to {east:g} are no range; give west, south, east, north"
        )
    return value


class Domain(_Part):
    """Where the field is analysed."""

    box: Annotated[tuple[Degrees, Degrees, Degrees, Degrees], AfterValidator(_box)] = Field(
        description="West, south, east, north in degrees; west > east crosses the date line."
    )
    resolution: Annotated[tuple[Positive, Positive], BeforeValidator(_two)] = Field(
        description="Grid step in degrees: one number, or one for longitude and one for latitude."
    )
    bathymetry: str | None = Field(
        None,
        description="NetCDF file with the depth of the sea floor; none: land and sea only, so "
        "that each level reaches as far as the sea at the surface.",
    )
    bathymetry_variable: str | None = Field(
        None, description="Its variable, where the file has several."
    )
    basin: tuple[Degrees, Degrees] | None = Field(
        None, description="Longitude, latitude: only the sea that is connected with this point."
    )
    within: tuple[tuple[Degrees, Degrees], ...] | None = Field(
        None, description="Polygon (longitude, latitude): what is outside counts as land."
    )
    without: tuple[tuple[tuple[Degrees, Degrees], ...], ...] = Field(
        (), description="Polygons that count as land."
    )

    margin: bool = Field(
        True,
        description="Compute with one more row on each side, so that the edge of the grid does "
        "not touch the product; false: as DIVAnd's climatologies do.",
    )

    @model_validator(mode="after")
    def _corners(self) -> Domain:
        for name, polygon in (
            ("within", self.within),
            *(("without", polygon) for polygon in self.without),
        ):
            if polygon is not None and len(polygon) < 3:
                raise ValueError(f"{name}: a polygon needs 3 corners or more")
        return self


class Lengths(_Part):
    """Correlation lengths: how far an observation counts."""

    horizontal: LengthOrLevels = Field(
        description="With unit, one or one a level: 80 km; fit: found from the observations."
    )
    vertical: LengthOrLevels = Field(
        (0.0,), description="With unit, one or one a level: 50 m; 0 m: each level on its own."
    )

    @model_validator(mode="after")
    def _reach(self) -> Lengths:
        if not isinstance(self.horizontal, str) and min(self.horizontal) <= 0:
            raise ValueError("horizontal: a length must be greater than 0")
        return self


class Background(_Part):
    """What the field is where no observation is near."""

    method: Literal["none", "mean", "profile", "product"] = Field(
        "profile",
        description="none: 0; mean: of the observations of the slice; profile: their mean by "
        "depth; product: the field of a file.",
    )
    vertical_length: LengthOrLevels = Field(
        None,
        validate_default=False,
        description="Of a profile; 4 times the vertical length by default.",
    )
    file: str | None = Field(None, description="NetCDF file of a product.")
    variable: str | None = Field(None, description="Its variable, where it has several.")

    @model_validator(mode="after")
    def _fits(self) -> Background:
        if (self.method == "product") != (self.file is not None):
            raise ValueError(
                "a background from a product needs its file: {method: product, file: FILE}"
                if self.method == "product"
                else f"file is for the method product, not for {self.method}"
            )
        return self


class Transformation(_Part):
    """The analysis is made of transformed values, the field transformed back."""

    method: Literal["none", "log", "logit"] = Field(
        "none", description="log for values that are positive, logit for bounded ones."
    )
    offset: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="log: added before, so that 0 has a logarithm."
    )
    threshold: Positive | None = Field(
        None, description="log: linear above this value, so that high values do not explode."
    )
    min: float | None = Field(None, allow_inf_nan=False, description="logit: lower bound.")
    max: float | None = Field(None, allow_inf_nan=False, description="logit: upper bound.")

    @model_validator(mode="after")
    def _bounds(self) -> Transformation:
        if self.method == "logit" and not (
            self.min is not None and self.max is not None and self.min < self.max
        ):
            raise ValueError("logit needs min and max, the smaller first")
        return self


class Clamp(_Part):
    """Bounds of the field."""

    min: float | None = Field(
        None, allow_inf_nan=False, description="Values below become this one."
    )
    max: float | None = Field(
        None, allow_inf_nan=False, description="Values above become this one."
    )

    @model_validator(mode="after")
    def _order(self) -> Clamp:
        if self.min is not None and self.max is not None and not self.min < self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self


class Weights(_Part):
    """Observations in clusters count less: n at one place and time as one."""

    horizontal: LengthOrLevels = Field(description="With unit: closer ones are not independent.")
    vertical: LengthOrLevels = Field((5.0,), description="With unit.")
    days: Positive = Field(30.0, description="In time.")

    @model_validator(mode="after")
    def _single(self) -> Weights:
        for name in ("horizontal", "vertical"):
            given = getattr(self, name)
            if isinstance(given, str) or len(given) != 1 or given[0] <= 0:
                raise ValueError(f"{name}: give one length above 0, such as 5 km")
        return self


class Run(_Part):
    """How it is computed; the same field comes out (of chunks, nearly)."""

    workers: int | None = Field(
        None, ge=1, le=1024, description="Processes; by default as many as there are processors."
    )
    memory: Size | None = Field(
        None, description="Most that all processes may take; by default most of what is free."
    )
    chunk: int | None = Field(
        None,
        ge=1,
        description="Levels that are analysed at once, with some more around them; by default all "
        "where they fit into memory.",
    )
    scheduler: str | None = Field(
        None, description="Address of a dask scheduler that computes the slices instead."
    )


class Recipe(_Part):
    """All parameters of one analysis."""

    recipe: Literal[1] = Field(1, description="Version of this form.")
    collection: str | None = Field(None, description="Folder, relative to that of the recipe.")
    parameter: str = Field(min_length=1, description="Key of the parameter in the collection.")
    flags: Annotated[tuple[Annotated[str, BeforeValidator(str)], ...], Field(min_length=1)] = Field(
        ("1", "2"), description="Flags (L20) of the observations that are used."
    )
    domain: Domain = Field(description="Where: box, grid step, sea points.")
    levels: Annotated[
        Levels, BeforeValidator(read_levels), PlainSerializer(lambda v: v.written())
    ] = Field(description=f"Depths in metres, or a set: {', '.join(LEVEL_SETS)}.")
    time: Annotated[Time, BeforeValidator(read_time)] = Field(
        Time(), description="The times of the product."
    )
    lengths: Lengths = Field(description="How far an observation counts.")
    epsilon2: Positive = Field(
        description="Error variance of an observation relative to the variance of the field."
    )
    background: Annotated[Background, BeforeValidator(_named("method"))] = Field(
        Background(), description="What the field is far from observations."
    )
    transformation: Annotated[Transformation, BeforeValidator(_named("method"))] = Field(
        Transformation(), description="Before the analysis, and back after it."
    )
    clamp: Clamp = Field(Clamp(), description="Least and greatest value of the field.")
    error: Literal["cpme", "exact", "none"] = Field(
        "cpme", description="cpme: approximation at the price of a second analysis; exact; none."
    )
    thresholds: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=lambda: {"L1": 0.3, "L2": 0.5},
        description="Copies of the field without what has a greater relative error.",
    )
    weights: Weights | None = Field(
        None, description="Lets observations in clusters count less; none: all count alike."
    )
    desroziers: int = Field(
        0, ge=0, le=20, description="Analyses that scale epsilon2 until it fits the residuals."
    )
    suspects: Annotated[
        Literal["none", "auto", "gain", "mean gain", "cross-validation"],
        BeforeValidator(_switch),
    ] = Field(
        "none", description="Criterion of quality control for each observation: above 9 suspect."
    )
    solver: Literal["auto", "direct", "iterative"] = Field(
        "auto", description="How the equations are solved."
    )
    seed: int = Field(2026, ge=0, description="Of random choices, so that they are repeated.")
    metadata: Metadata = Field(Metadata(), description="What the product says of itself.")
    run: Run = Field(Run(), description="Processes and memory.")

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        count = max(len(self.levels.depths), 1)
        for name in ("horizontal", "vertical"):
            given = getattr(self.lengths, name)
            if not isinstance(given, str) and len(given) not in (1, count):
                raise ValueError(
                    f"lengths.{name} has {len(given)} values for {count} levels; "
                    "give one, or one a level"
                )
        for name in self.thresholds:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name):
                raise ValueError(f"thresholds: {name!r} must be letters and digits, such as L1")
        if self.error == "none" and "thresholds" in self.model_fields_set and self.thresholds:
            raise ValueError("thresholds need an error: choose error: cpme, or leave them out")
        return self

    def science(self) -> dict[str, Any]:
        """Give what decides the numbers of the product, as JSON knows it."""
        return self.model_dump(mode="json", exclude={"run", "metadata", "collection"})
