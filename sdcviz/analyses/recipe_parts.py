"""The parts of a recipe: domain, lengths, background, and what else has keys of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .recipe_types import Degrees, Length, LengthOrLevels, Part, Positive, Size, or_none

__all__ = [
    "Background",
    "Clamp",
    "Domain",
    "Lengths",
    "Run",
    "Slopes",
    "Transformation",
    "Velocity",
    "Weights",
]


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


class Domain(Part):
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


class Slopes(Part):
    """Shorter lengths where the sea floor is steep, so that shelf and deep water stay apart."""

    distance: Length = Field(
        description="With unit: where the depth changes by itself over it, lengths are halved."
    )
    least: Annotated[float, Field(gt=0, le=1)] = Field(
        0.3, description="Lengths are never multiplied by less."
    )

    @model_validator(mode="after")
    def _some(self) -> Slopes:
        if self.distance <= 0:
            raise ValueError("distance: a length must be greater than 0")
        return self


class Lengths(Part):
    """Correlation lengths: how far an observation counts."""

    horizontal: LengthOrLevels = Field(
        description="With unit, one or one a level: 80 km; fit: found from the observations."
    )
    vertical: LengthOrLevels = Field(
        (0.0,), description="With unit, one or one a level: 50 m; 0 m: each level on its own."
    )

    slopes: Annotated[Slopes | None, BeforeValidator(or_none("distance"))] = Field(
        None, description="Shorter horizontal lengths where the sea floor is steep."
    )

    @model_validator(mode="after")
    def _reach(self) -> Lengths:
        if not isinstance(self.horizontal, str) and min(self.horizontal) <= 0:
            raise ValueError("horizontal: a length must be greater than 0")
        return self


class Background(Part):
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


class Velocity(Part):
    """Currents along which the field changes little (advection constraint)."""

    file: str = Field(
        description="NetCDF file with the currents on longitude, latitude and, if it has them, "
        "depths; without depths they hold for all levels."
    )
    u: str | None = Field(
        None, description="Its variable of the eastward part; found by standard name if left out."
    )
    v: str | None = Field(None, description="Its variable of the northward part.")
    strength: Positive = Field(
        1.0,
        description="0.5 to 3 are usual: along a current of usual speed (root mean square of the "
        "file in the domain) lengths are about 1 + strength times as long.",
    )


class Transformation(Part):
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


class Clamp(Part):
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


class Weights(Part):
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


class Run(Part):
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
