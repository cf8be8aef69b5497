"""The recipe: everything that decides what an analysis gives, as a file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from .about import Metadata
from .levels import LEVEL_SETS, Levels, read_levels
from .periods import Time, read_time
from .recipe_parts import (
    Background,
    Clamp,
    Domain,
    Lengths,
    Run,
    Transformation,
    Velocity,
    Weights,
)
from .recipe_types import Part, Positive, named, or_none

__all__ = ["Recipe"]


def _switch(value: Any) -> Any:
    """Take true and false for the usual and for none."""
    return {True: "auto", False: "none"}[value] if isinstance(value, bool) else value


class Recipe(Part):
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
    velocity: Annotated[Velocity | None, BeforeValidator(or_none("file"))] = Field(
        None, description="Currents along which the field changes little; none: without."
    )
    background: Annotated[Background, BeforeValidator(named("method"))] = Field(
        Background(), description="What the field is far from observations."
    )
    transformation: Annotated[Transformation, BeforeValidator(named("method"))] = Field(
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
        if self.lengths.slopes is not None and self.domain.bathymetry is None:
            raise ValueError(
                "lengths.slopes needs the depth of the sea floor: name a file under "
                "domain.bathymetry"
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
