"""What a product says of itself: attributes by SeaDataNet, CF and ACDD."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from email.utils import parseaddr
from importlib import metadata
from typing import Any

import numpy as np

from ..formats.cf_names import UDUNITS
from ..vocabularies import aggregated_codes, label, short_label, unit_label
from .model import Axes

__all__ = ["Meta", "global_attributes", "parameter_attributes", "software_versions"]

CONVENTIONS = "CF-1.8, ACDD-1.3"
KIND = "ANA"  # SeaDataNet's code of gridded analyses
_SOFTWARE = ("sdcviz", "numpy", "scipy", "cvxopt", "netCDF4")
_REFERENCE = (
    "Barth, A., Beckers, J.-M., Troupin, C., Alvera-Azcárate, A., and Vandenbulcke, L. (2014): "
    "divand-1.0: n-dimensional variational data analysis for ocean observations, "
    "Geosci. Model Dev., 7, 225-241, doi:10.5194/gmd-7-225-2014"
)


@dataclass(frozen=True)
class Meta:
    """The parameter of a product and who stands behind it.

    What is empty is left out of the product: nothing is invented. Codes are without prefix;
    their names come from `sdcviz.vocabularies`.

    Attributes
    ----------
    variable : str
        Name of the variable in the file: "Temperature".
    long_name, standard_name : str
        For people; of CF's table.
    units : str
        As UDUNITS reads it; derived from `p06` where empty.
    p01, p06, p35 : str
        Parameter, unit, aggregated parameter; `p35` is derived from `p01` where only one fits.
    title, abstract, comment, source, acknowledgement, license : str
        For people.
    project, production : str
        "SeaDataCloud"; who made it.
    edmo : tuple of int
        EDMO codes of the institutions.
    institution : str
        Their name, where the bundled list of data centres does not have it.
    authors : tuple of str
        "Ada Lovelace <ada@example.org>".
    search_keywords, areas : tuple of str
        Codes of P02 and of C19.
    version, code : str
        Of the product; the code is put together as "institution-area-parameter-version-ANA"
        where it is empty and all parts are known.
    bathymetry_source, documentation, doi, data_access, web_visualisation : str
        Texts and addresses.
    preview_range : (float, float), optional
        Colour range to start with; from the values of the first level where left out.
    created : str
        ISO 8601, UTC: when the run began.
    state : tuple of (str, str or int)
        What the observations were chosen of: see `select.state_of`.
    history : str
        Lines of earlier runs.
    done : str
        What the run did, for its line in the history.
    previous : str
        The product that parts of this one come from.
    """

    variable: str
    long_name: str = ""
    standard_name: str = ""
    units: str = ""
    p01: str = ""
    p06: str = ""
    p35: str = ""
    title: str = ""
    abstract: str = ""
    comment: str = ""
    source: str = ""
    acknowledgement: str = ""
    license: str = ""
    project: str = ""
    production: str = ""
    edmo: tuple[int, ...] = ()
    institution: str = ""
    authors: tuple[str, ...] = ()
    search_keywords: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    version: str = ""
    code: str = ""
    bathymetry_source: str = ""
    documentation: str = ""
    doi: str = ""
    data_access: str = ""
    web_visualisation: str = ""
    preview_range: tuple[float, float] | None = None
    created: str = ""
    state: tuple[tuple[str, Any], ...] = ()
    history: str = ""
    done: str = "analysed by sdcviz divand"
    previous: str = ""


def global_attributes(meta: Meta, axes: Axes, recipe: str) -> dict[str, Any]:
    """Give the attributes of the whole file.

    Parameters
    ----------
    meta : Meta
        What is known.
    axes : Axes
        For coverage in space and time.
    recipe : str
        Text of the recipe, kept as it is.

    Returns
    -------
    dict of str to str or float
        In the order of the file; without what is empty.
    """
    p35 = _aggregated(meta)
    creators = [parseaddr(author) for author in meta.authors]
    keywords = (_names("P35", (p35,)), _names("P02", meta.search_keywords))
    areas = _names("C19", meta.areas)
    told: dict[str, Any] = {
        "Conventions": CONVENTIONS,
        "title": meta.title,
        "summary": meta.abstract,
        "abstract": meta.abstract,
        "project": meta.project,
        "institution": _institution(meta),
        "institution_urn": _urns("EDMO", meta.edmo),
        "production": meta.production,
        "Author_e-mail": ", ".join(meta.authors),
        "creator_name": ", ".join(name for name, _ in creators if name),
        "creator_email": ", ".join(mail for _, mail in creators if mail),
        "source": meta.source,
        "comment": meta.comment,
        "parameter_keyword": keywords[0],
        "parameter_keyword_urn": _urns("P35", (p35,)),
        "search_keywords": keywords[1],
        "search_keywords_urn": _urns("P02", meta.search_keywords),
        "area_keywords": areas,
        "area_keywords_urn": _urns("C19", meta.areas),
        "keywords": " | ".join(filter(None, (*keywords, areas))),
        "product_version": meta.version,
        "product_code": _code(meta, p35),
        "product_id": _identity(meta, recipe),
        "bathymetry_source": meta.bathymetry_source,
        # SeaDataNet's products write it with, ACDD without the e.
        "acknowledgement": meta.acknowledgement,
        "acknowledgment": meta.acknowledgement,
        "license": meta.license,
        "documentation": meta.documentation,
        "doi": meta.doi,
        "data_access": meta.data_access,
        "WEB_visualisation": meta.web_visualisation,
        "date_created": meta.created,
        "history": "\n".join(
            filter(None, (meta.history, meta.created and f"{meta.created} {meta.done}"))
        ),
        "previous_product": meta.previous,
        "references": _REFERENCE,
        **_coverage(axes),
        "software_versions": software_versions(),
        **{k: np.int32(v) if isinstance(v, int) else v for k, v in meta.state},
        "recipe": recipe,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}


def parameter_attributes(meta: Meta) -> dict[str, str]:
    """Give the attributes that the analysed field and its masked copies share."""
    code, name = ("P01", meta.p01) if meta.p01 else ("P35", _aggregated(meta))
    told = {
        "standard_name": meta.standard_name,
        "units": _units(meta),
        "sdn_parameter_urn": _urns(code, (name,)),
        "sdn_parameter_name": _names(code, (name,)),
        "sdn_uom_urn": _urns("P06", (meta.p06,)),
        "sdn_uom_name": _names("P06", (meta.p06,)),
    }
    return {key: value for key, value in told.items() if value}


def software_versions() -> str:
    """Name what the analysis was computed with: "sdcviz 0.1.0; numpy 2.1.0; ..."."""
    found = []
    for name in _SOFTWARE:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue  # optional solvers
    return "; ".join(found)


def _units(meta: Meta) -> str:
    if meta.units or not meta.p06:
        return meta.units
    return UDUNITS.get(meta.p06) or unit_label(meta.p06) or "1"


def _aggregated(meta: Meta) -> str:
    fitting = aggregated_codes(meta.p01) if meta.p01 and not meta.p35 else ()
    return fitting[0] if len(fitting) == 1 else meta.p35


def _institution(meta: Meta) -> str:
    return meta.institution or _names("EDMO", meta.edmo)


def _names(collection: str, codes: tuple[Any, ...]) -> str:
    """Join the names of codes; a code without a known name is told by its URN alone."""
    found = [(str(c), label(collection, c)) for c in codes if c]
    return " | ".join(name for code, name in found if name != code)


def _urns(collection: str, codes: tuple[Any, ...]) -> str:
    return ", ".join(f"SDN:{collection}::{c}" for c in codes if c)


def _code(meta: Meta, p35: str) -> str:
    if meta.code:
        return meta.code
    institution = meta.institution or (
        _names("EDMO", meta.edmo[:1]) and short_label("EDMO", meta.edmo[0])
    )
    parts = (institution, _names("C19", meta.areas[:1]), _names("P35", (p35,)), meta.version)
    return "-".join((*parts, KIND)) if all(parts) else ""


def _identity(meta: Meta, recipe: str) -> str:
    """Make the same UUID of the same recipe and run."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"sdcviz {meta} {recipe}"))


def _coverage(axes: Axes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "geospatial_lon_min": float(axes.lon[0]),
        "geospatial_lon_max": float(axes.lon[-1]),
        "geospatial_lon_units": "degrees_east",
        "geospatial_lat_min": float(axes.lat[0]),
        "geospatial_lat_max": float(axes.lat[-1]),
        "geospatial_lat_units": "degrees_north",
    }
    if len(axes.lon) > 1:
        told["geospatial_lon_resolution"] = _step(axes.lon)
    if len(axes.lat) > 1:
        told["geospatial_lat_resolution"] = _step(axes.lat)
    if len(axes.depth):
        told |= {
            "geospatial_vertical_min": float(axes.depth[0]),
            "geospatial_vertical_max": float(axes.depth[-1]),
            "geospatial_vertical_units": "m",
            "geospatial_vertical_positive": "down",
        }
    if axes.slices:
        told["time_coverage_start"] = f"{min(s.start for s in axes.slices)}Z"
        told["time_coverage_end"] = f"{max(s.stop for s in axes.slices)}Z"
    return told


def _step(axis: Any) -> float:
    return round(float(np.median(np.diff(axis))), 6)
