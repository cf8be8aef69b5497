"""What figures of products say: labels, titles, captions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..words import number

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "about",
    "caption_of",
    "dots_sentence",
    "label_of",
    "place_words",
    "source_of",
    "title_of",
    "told_apart",
]


# ---- quantities -----------------------------------------------------------------
def label_of(attrs: Mapping[str, Any]) -> str:
    """Return name and unit of a variable for an axis, as ``"Temperature [°C]"``."""
    from ..vocabularies import unit_label

    unit = unit_label(str(attrs.get("units") or ""))
    name = str(attrs.get("long_name") or attrs.get("variable") or "Value")
    name = name.capitalize() if name.isupper() and len(name) > 4 else name[:1].upper() + name[1:]
    return f"{name} [{unit}]" if unit not in ("", "1") else name


# ---- sentences ------------------------------------------------------------------
def place_words(found: Any) -> str:
    """Return where and when an extraction is, for people: ``4.50° E, 42.00° N, 100 m, July``."""
    return ", ".join(_place_parts(found))


def _place_parts(found: Any) -> list[str]:
    from ..products.answers import degrees

    told = []
    coords = found.coords
    if "lon" in coords and "lat" in coords and coords["lon"].ndim == coords["lat"].ndim == 0:
        told.append(degrees(float(coords["lon"]), float(coords["lat"])))
    for name, other, letters in (("lat", "lon", "NS"), ("lon", "lat", "EW")):
        if name in coords and coords[name].dims == (other,) and len(coords[name]):
            at = float(coords[name][0])  # a row or a column of the grid
            told.append(f"{abs(at):.2f}° {letters[int(at < 0)]}")
    if "depth" in coords and coords["depth"].ndim == 0:
        told.append(
            f"{float(coords['depth']):g}\N{NO-BREAK SPACE}{coords['depth'].attrs.get('units', 'm')}"
        )
    if "label" in coords and coords["label"].ndim == 0 and str(coords["label"].values):
        told.append(str(coords["label"].values))
    return told


def title_of(shown: xr.DataArray) -> str:
    """Return what a map shows: variable, depth and time."""
    return ", ".join([about(shown.attrs), *_place_parts(shown)])


def told_apart(first: xr.DataArray, second: xr.DataArray) -> tuple[str, tuple[str, str]]:
    """Return what two maps have in common, for a title, and what tells each from the other."""
    parts = [[about(a.attrs), *_place_parts(a)] for a in (first, second)]
    common = [p for p in parts[0] if p in parts[1]]
    own = [[p for p in some if p not in common] for some in parts]
    products = [_names_of(a.attrs) for a in (first, second)]
    for a, b in zip(*products, strict=True):
        if a != b:
            own = [[a, *own[0]], [b, *own[1]]]
            break
    a, b = (", ".join(p for p in some if p) for some in own)
    if parts[0][0] not in common:
        common.insert(0, f"{parts[0][0]} and {parts[1][0]}")
    return ", ".join(common), (a or "the first", b or "the second")


def _names_of(attrs: Mapping[str, Any]) -> list[str]:
    """Return the names of a product, the one for people first."""
    from pathlib import PurePath

    title, version = (str(attrs.get(f"product_{n}") or "") for n in ("title", "version"))
    name = PurePath(str(attrs.get("source", ""))).name.removesuffix(".nc")
    return [title, f"version {version}" if version else "", name]


def about(attrs: Mapping[str, Any]) -> str:
    """Return the name of what is shown, without its unit."""
    return label_of({**attrs, "units": ""})


def caption_of(title: str, attrs: Mapping[str, Any], *more: str) -> str:
    """Return the small print: what it is, product, version, DOI, mask, interpolation, and more.

    Parameters
    ----------
    title : str
        What, where and when.
    attrs : mapping
        Of an extraction, as `sdcviz.products` gives them; an empty mask is not told.
    *more : str
        Sentences that the figure adds.
    """
    from .. import __version__

    sentences = [f"{title}." if title else ""]
    sentences.append(f"{source_of(attrs)}.")
    if attrs.get("interpolation"):
        sentences.append(f"Interpolation: {attrs['interpolation']}.")
    if mask := str(attrs.get("mask", "none")):
        sentences.append("No mask." if mask == "none" else f"Mask: {mask}.")
    sentences += [s for s in (*more, str(attrs.get("warnings") or "")) if s]
    return " ".join([*filter(None, sentences), f"sdcviz\N{NO-BREAK SPACE}{__version__}."])


def source_of(attrs: Mapping[str, Any]) -> str:
    """Return product, version, DOI and institution in one phrase."""
    from pathlib import PurePath

    source = str(attrs.get("product_title") or PurePath(str(attrs.get("source", ""))).name)
    source = source or "Product"
    beside = [f"version {attrs['product_version']}"] if attrs.get("product_version") else []
    if attrs.get("product_doi"):
        beside.append(_doi(str(attrs["product_doi"])))
    elif attrs.get("product_id"):
        beside.append(f"product {attrs['product_id']}")
    if attrs.get("institution"):
        beside.append(str(attrs["institution"]))
    return f"{source} ({', '.join(beside)})" if beside else source


def _doi(text: str) -> str:
    found = re.search(r"10\.\d{4,}/\S+", text)
    return f"doi:{found[0].rstrip('.')}" if found else text


def dots_sentence(n: int, window: str, what: str = "Dots") -> str:
    """Say what the dots are."""
    within = f" within {window}" if window else ""
    return f"{what}: {number(n)} {'observation' if n == 1 else 'observations'}{within}."
