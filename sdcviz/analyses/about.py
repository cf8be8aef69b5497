"""What a product says of itself: the block ``metadata`` of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Metadata"]


def _many(value: object) -> object:
    return (value,) if isinstance(value, (str, int)) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_many)]
Codes = Annotated[tuple[int, ...], BeforeValidator(_many)]


class Metadata(BaseModel):
    """Texts and codes for the product; what is left out is not invented."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: str = Field("", description="Title of the product.")
    abstract: str = Field("", description="What it is, in some sentences.")
    edmo: Codes = Field((), description="EDMO codes of the institutions that make it.")
    institution: str = Field("", description="Their name, where sdcviz does not know the code.")
    authors: Texts = Field((), description="Names with mail addresses: Ada <ada@example.org>.")
    project: str = Field("", description="Such as SeaDataCloud.")
    production: str = Field("", description="Who produced it.")
    source: str = Field("", description="Where the observations come from.")
    comment: str = Field("", description="Anything else.")
    acknowledgement: str = Field("", description="Whom to thank.")
    license: str = Field("", description="Such as CC-BY-4.0.")
    search_keywords: Texts = Field((), description="Codes of P02.")
    areas: Texts = Field((), description="Codes of C19 (sea areas).")
    version: str = Field("", description="Of the product.")
    code: str = Field("", description="Of the product, where it differs from the usual form.")
    documentation: str = Field("", description="Address of the documentation.")
    doi: str = Field("", description="DOI of the product.")
    data_access: str = Field("", description="Address of the data.")
    web_visualisation: str = Field("", description="Address of a viewer.")
    bathymetry_source: str = Field("", description="Where the bathymetry comes from.")
    variable: str = Field("", description="Name of the variable; that of the parameter otherwise.")
    long_name: str = Field("", description="Of the variable.")
    standard_name: str = Field("", description="Of the variable, by CF.")
    units: str = Field("", description="Of the variable, as UDUNITS reads it.")
    p01: str = Field("", description="P01 code of the parameter, where the collection has none.")
    p06: str = Field("", description="P06 code of its unit.")
    p35: str = Field("", description="P35 code of the aggregated parameter.")
    preview_range: tuple[float, float] | None = Field(
        None, description="Colour range that viewers start with."
    )
