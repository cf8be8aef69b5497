"""Settings of what the page shows and offers."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from pydantic_settings import NoDecode

from .kinds import Part

__all__ = ["PageSettings", "WmsLayer"]


class WmsLayer(BaseModel):
    """One layer of a map server (WMS) that people may lay over the map of a product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, description="For people.")
    url: str = Field(pattern=r"^https?://[^/]+", description="Address of the map server.")
    layers: str = Field(min_length=1, description="Names of its layers, separated by commas.")
    attribution: str = Field("", description="Credit shown on the map.")


class PageSettings(Part):
    """The layout of the page, and what lies under its maps."""

    layout: str = Field(
        "temperature_salinity",
        description="Layout of the page: a name in layouts/, or the path of a YAML file.",
    )
    tile_url: str | None = Field(
        None,
        description="Address of background tiles with {x}, {y} and {z}. Without it no request "
        "leaves the machine.",
    )
    tile_attribution: str = Field("", description="Credit shown on the background tiles.")
    wms_layers: Annotated[tuple[WmsLayer, ...], NoDecode] = Field(
        (),
        description="Layers of map servers (title, url, layers, attribution) that the map of a "
        "product offers; browsers ask for them once they are switched on. In the environment, "
        "a JSON list.",
    )

    @field_validator("tile_url")
    @classmethod
    def _tiles(cls, value: str | None) -> str | None:
        if value and not all(part in value for part in ("{x}", "{y}", "{z}")):
            raise ValueError("should contain {x}, {y} and {z}")
        return value or None

    @field_validator("wms_layers", mode="before")
    @classmethod
    def _layers(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = json.loads(value) if value.strip() else ()
        return TypeAdapter(tuple[WmsLayer, ...]).validate_python(value or ())
