"""How the samples of a review are divided: depth layer, month, area, decade."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, NotFound, UnreadableFile
from ..products.times import MONTHS
from .collocated import Collocated

__all__ = ["Area", "Strata", "divide", "sea_of", "spans"]

_EDGES = (0, 50, 100, 200, 500, 1000, 2000, 4000)
_BOXES = ((1.5, 1), (3, 2), (6, 4), (9, 6), (15, 10), (30, 20), (60, 30))
"""Degrees of longitude and latitude of the areas, the smallest that gives few enough."""
_MOST_AREAS = 24


@dataclass(frozen=True)
class Area:
    """A part of the domain.

    Attributes
    ----------
    key, title : str
    box : tuple of float
        West, south, east, north.
    polygon : ndarray of float64, shape (n, 2), or None
        Corners; None: the box itself.
    """

    key: str
    title: str
    box: tuple[float, float, float, float]
    polygon: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Strata:
    """The parts of each kind, and the part of each sample.

    Attributes
    ----------
    edges : ndarray of float64
        Depths between the layers, one more than layers; the last may be infinite.
    layers : list of str
    months : list of int
        From 1.
    areas : list of Area
    decades : list of str
    layer, month, area, decade : ndarray of int16
        Numbers in these lists; -1: in none.
    """

    edges: NDArray[np.float64]
    layers: list[str]
    months: list[int]
    areas: list[Area]
    decades: list[str]
    layer: NDArray[np.int16]
    month: NDArray[np.int16]
    area: NDArray[np.int16]
    decade: NDArray[np.int16]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """How many layers, months, areas and decades."""
        return len(self.layers), len(self.months), len(self.areas), len(self.decades)

    @property
    def month_names(self) -> list[str]:
        """Names of the months."""
        return [MONTHS[m - 1] for m in self.months]

    def document(self) -> dict[str, Any]:
        """Describe the parts for `review.json`."""
        return {
            "layers": self.layers,
            "layer_edges": self.edges,
            "months": self.month_names,
            "month_numbers": self.months,
            "areas": [
                {"key": a.key, "title": a.title, "box": a.box}
                | ({} if a.polygon is None else {"polygon": a.polygon})
                for a in self.areas
            ],
            "decades": self.decades,
        }


def divide(samples: Collocated, has_depth: bool, areas: Path | str = "grid") -> Strata:
    """Divide samples into layers, months, areas and decades; empty parts are left out.

    Parameters
    ----------
    samples : Collocated
    has_depth : bool
        Whether the product has levels.
    areas : path-like
        "grid", or a GeoJSON file with polygons (``name`` or ``title`` in their properties).
    """
    edges, layers, layer = _layers(samples.depth, has_depth)
    number = samples.time.astype("datetime64[M]").astype(np.int64) % 12 + 1
    months, month = np.unique(number, return_inverse=True)
    undated = np.isnat(samples.time)
    year = samples.time.astype("datetime64[Y]").astype(np.int64) + 1970
    first = np.where(undated, 0, (year - 1) // 10 * 10 + 1)
    starts = np.unique(first[~undated]) if not undated.all() else np.array([], np.int64)
    decade = np.where(undated, -1, np.searchsorted(starts, first))
    if undated.any():
        months, month = np.unique(number[~undated]), np.full(len(number), -1)
        month[~undated] = np.searchsorted(months, number[~undated])
    found, area = (
        _boxes(samples.lon, samples.lat)
        if str(areas) == "grid"
        else _polygons(Path(areas), samples.lon, samples.lat)
    )
    return Strata(
        edges, layers, [int(m) for m in months], found, [f"{y}–{y + 9}" for y in starts],
        layer, month.astype(np.int16), area, decade.astype(np.int16),
    )  # fmt: skip


def _layers(
    depth: NDArray[np.float64], has_depth: bool
) -> tuple[NDArray[np.float64], list[str], NDArray[np.int16]]:
    if not has_depth:
        return np.array([0.0, np.inf]), ["All depths"], np.zeros(len(depth), np.int16)
    edges = np.array([-np.inf, *_EDGES[1:], np.inf])
    code = np.maximum(np.searchsorted(edges, depth, "left") - 1, 0)
    last = int(code.max()) + 1
    first = int(code.min())
    edges = edges[first : last + 1].copy()
    edges[0] = max(edges[0], 0.0)
    labels = [
        f"{a:g}–{b:g} m" if np.isfinite(b) else f"below {a:g} m"
        for a, b in pairwise(edges.tolist())
    ]
    return edges, labels, (code - first).astype(np.int16)


def _boxes(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[list[Area], NDArray[np.int16]]:
    for wide, high in _BOXES:
        column, row = np.floor(lon / wide).astype(int), np.floor(lat / high).astype(int)
        codes, of = np.unique(row * 10_000 + column, return_inverse=True)
        if len(codes) <= _MOST_AREAS or (wide, high) == _BOXES[-1]:
            break
    rows = np.floor((codes + 5000) / 10_000).astype(int)
    columns = codes - rows * 10_000
    # From north to south, and from west to east: as people read a map.
    order = np.lexsort((columns, -rows))
    rank = np.empty(len(order), np.int16)
    rank[order] = np.arange(len(order))
    n = np.bincount(of)
    middles = np.bincount(of, lon) / n, np.bincount(of, lat) / n
    areas = []
    for k in order.tolist():
        r, c = int(rows[k]), int(columns[k])
        box = (c * wide, r * high, (c + 1) * wide, (r + 1) * high)
        areas.append(_box(box, float(middles[0][k]), float(middles[1][k])))
    return areas, rank[of]


def _box(box: tuple[float, float, float, float], lon: float, lat: float) -> Area:
    west, south, east, north = box
    where = spans(box)
    sea = sea_of(lon, lat)
    key = f"{south:g}_{north:g}N_{west:g}_{east:g}E"
    return Area(key, f"{sea} ({where})" if sea else where, box)


def spans(box: tuple[float, float, float, float]) -> str:
    """Write a box as its degrees: ``36–40° N, 0–6° E``."""
    west, south, east, north = box
    return f"{_span(south, north, 'N', 'S')}, {_span(west, east, 'E', 'W')}"


def _span(low: float, high: float, plus: str, minus: str) -> str:
    if low >= 0:
        return f"{low:.4g}–{high:.4g}° {plus}"
    if high <= 0:
        return f"{-high:.4g}–{-low:.4g}° {minus}"
    return f"{-low:.4g}° {minus} – {high:.4g}° {plus}"


def sea_of(lon: float, lat: float) -> str:
    """Name the sea at a place by the regions of the checks, with its western or eastern part."""
    import shapely

    for title, shape in _seas():
        if shape.contains(shapely.Point(lon, lat)):
            west, _, east, _ = shape.bounds
            share = (lon - west) / (east - west)
            part = "Western" if share < 0.38 else "Central" if share < 0.62 else "Eastern"
            plain = east - west > 15 and "-west" not in title and " north of " not in title
            return f"{part} {title}" if plain else title
    return ""


def _seas() -> list[tuple[str, Any]]:
    import shapely

    from ..qc.checks.thresholds import read_thresholds

    if not _SEAS:
        for region in read_thresholds("checks").regions:
            if region.polygons:
                shapes = [shapely.Polygon(p) for p in region.polygons]
                _SEAS.append((region.title, shapely.make_valid(shapely.union_all(shapes))))
    return _SEAS


_SEAS: list[tuple[str, Any]] = []


def _polygons(
    path: Path, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[list[Area], NDArray[np.int16]]:
    """Read areas of a GeoJSON file; a sample belongs to the first one that holds it."""
    import shapely

    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no file of areas {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: can't be read as text ({error}).") from error
    try:
        features = json.loads(text)["features"]
        shapes = [shapely.geometry.shape(f["geometry"]) for f in features]
        names = [_name(f.get("properties") or {}, k) for k, f in enumerate(features)]
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError):
        raise UnreadableFile(
            f"{path}: areas are read from GeoJSON: a FeatureCollection of polygons, each with a "
            "name in its properties."
        ) from None
    code = np.full(len(lon), -1, np.int16)
    areas = []
    for k, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
            raise UnreadableFile(f"{path}: {name} is no polygon.")
        code[(code < 0) & shapely.contains_xy(shape, lon, lat)] = k
        outline = shape if shape.geom_type == "Polygon" else None
        corners = None if outline is None else np.array(outline.exterior.coords)
        west, south, east, north = map(float, shape.bounds)
        areas.append(Area(name, name, (west, south, east, north), corners))
    if not areas:
        raise BadRequest(f"{path} has no areas.")
    return areas, code


def _name(properties: dict[str, Any], k: int) -> str:
    found = properties.get("title") or properties.get("name") or f"Area {k + 1}"
    return " ".join(str(found).split())[:80]
