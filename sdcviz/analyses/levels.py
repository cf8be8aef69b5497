"""The depth levels of a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["LEVEL_SETS", "Levels", "read_levels"]

_WOA33 = (
    "0 10 20 30 50 75 100 125 150 200 250 300 400 500 600 700 800 900 1000 1100 1200 "
    "1300 1400 1500 1750 2000 2500 3000 3500 4000 4500 5000 5500"
)
LEVEL_SETS: dict[str, tuple[float, ...]] = {
    "woa33": tuple(float(word) for word in _WOA33.split()),
    "woa102": tuple(np.r_[0:100:5, 100:500:25, 500:2000:50, 2000:5501:100].astype(float).tolist()),
}
"""Standard depths in metres: of the World Ocean Atlas until 2009, and since 2013."""


class Levels(BaseModel):
    """Depths of the levels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    depths: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        (), description="Metres, positive downwards, increasing; none: a product without depth."
    )
    set: str | None = Field(None, description=f"Instead: {', '.join(LEVEL_SETS)}.")
    top: float | None = Field(None, ge=0, description="Of a set, or of the observations: from.")
    bottom: float | None = Field(None, gt=0, description="Of a set, or of the observations: to.")

    @model_validator(mode="after")
    def _useful(self) -> Levels:
        if self.set is not None:
            if self.set not in LEVEL_SETS:
                raise ValueError(f"there is no set {self.set!r}; choose {', '.join(LEVEL_SETS)}")
            if "depths" in self.model_fields_set:
                raise ValueError("give either depths or a set")
            low, high = self.top or 0, np.inf if self.bottom is None else self.bottom
            kept = tuple(d for d in LEVEL_SETS[self.set] if low <= d <= high)
            if not kept:
                raise ValueError(f"{self.set} has no level between {low:g} m and {high:g} m")
            # A frozen model: its own values are set once, here.
            object.__setattr__(self, "depths", kept)
        if any(b <= a for a, b in zip(self.depths, self.depths[1:], strict=False)):
            raise ValueError("the depths must increase")
        if len(self.depths) < 2 and (self.top is None or self.bottom is None):
            raise ValueError(
                "with one level or none, say from where to where observations count: "
                "{depths: [10], top: 5, bottom: 15}"
            )
        if self.top is not None and self.bottom is not None and self.top > self.bottom:
            raise ValueError(f"top {self.top:g} m is below bottom {self.bottom:g} m")
        return self

    @property
    def span(self) -> tuple[float, float]:
        """Depths between which observations count, metres."""
        if len(self.depths) > 1:
            return self.depths[0], self.depths[-1]
        assert self.top is not None and self.bottom is not None
        return self.top, self.bottom

    def written(self) -> Any:
        """Give it as a recipe holds it."""
        if self.set is None and self.top is None and self.bottom is None:
            return list(self.depths)
        told = self.model_dump(exclude_none=True)
        if self.set is not None:
            del told["depths"]
        return told


def read_levels(value: Any) -> Any:
    """Take a list of depths or the name of a set."""
    if isinstance(value, str):
        return {"set": value}
    if isinstance(value, Sequence):
        return {"depths": value}
    return value
