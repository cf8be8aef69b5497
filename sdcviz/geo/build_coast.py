"""Build assets/coast/*.npz from the TopoJSON files of npm's world-atlas.

Not needed at run time. The data are Natural Earth, public domain
(naturalearthdata.com), as packed by world-atlas 2.0.2 (ISC)::

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m sdcviz.geo.build_coast package

Each file holds rings as integers: ``lonlat_*`` in 1e-5 degrees, ``arctic_*``
in metres of the polar projection (cut at 40°N and joined across the date
line, which can't be done quickly when the map is drawn). Arrays: ``x`` and
``y`` (differences along the ring, which compress well), ``start`` (first
vertex of each ring), ``polygon`` (polygon of each ring; its first ring is the
outline, the others are lakes). Outlines run anticlockwise, lakes clockwise:
any filling rule then leaves the Caspian Sea empty.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from .coast import ARCTIC_SOUTH, DEGREES_PER_UNIT, EUROPE
from .projection import forward

__all__ = ["build", "decode_topojson", "land"]


def decode_topojson(topology: dict[str, Any], name: str = "land") -> list[list[NDArray]]:
    """Decode the polygons of one object of a quantised topology.

    Parameters
    ----------
    topology : dict
        A TopoJSON document with ``transform``, ``arcs`` and ``objects``.
    name : str
        The object to decode.

    Returns
    -------
    list of list of ndarray, each of shape (n, 2)
        Polygons; each a list of rings (outline, then holes) in degrees.
    """
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]

    def ring(indices: list[int]) -> NDArray:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        # Neighbouring arcs share their end point.
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    geometries = topology["objects"][name]["geometries"]
    return [[ring(r) for r in polygon] for g in geometries for polygon in g["arcs"]]


def land(path: Path) -> shapely.Geometry:
    """Read a ``land-*.json`` as one valid multi-polygon in degrees, -180 to 180."""
    rings = decode_topojson(json.loads(path.read_text("utf-8")))
    polygons = []
    for outline, *lakes in rings:
        if len(outline) >= 4:
            outline = _unrolled(outline)
            flat = shapely.Polygon(outline, [_beside(lake, outline) for lake in lakes])
            polygons.extend(_within_one_turn(shapely.make_valid(flat)))
    return shapely.union_all(polygons)


def _unrolled(ring: NDArray) -> NDArray:
    """Let the longitude run on beyond 180 where a ring crosses the date line.

    world-atlas stitches the cuts of the flat map together again: Chukotka
    crosses the date line and Antarctica runs around the pole.
    """
    lon, lat = ring.T
    lon = lon - 360 * np.concatenate([[0], np.cumsum(np.rint(np.diff(lon) / 360))])
    if abs(lon[-1] - lon[0]) > 180:
        pole = np.copysign(90.0, lat.mean())
        lon, lat = np.append(lon, [lon[-1], lon[0]]), np.append(lat, [pole, pole])
        lon, lat = np.append(lon, lon[0]), np.append(lat, lat[0])
    return np.column_stack([lon, lat])


def _beside(lake: NDArray, outline: NDArray) -> NDArray:
    """Turn a lake by whole turns to where its unrolled outline is."""
    middle = (outline[:, 0].min() + outline[:, 0].max()) / 2
    return lake + np.array([360 * np.rint((middle - lake[:, 0].mean()) / 360), 0])


def _within_one_turn(polygon: shapely.Geometry) -> list[shapely.Geometry]:
    world = shapely.box(-180, -90, 180, 90)
    turned = [
        shapely.transform(polygon, lambda xy, shift=shift: xy + shift)
        for shift in np.array([[-360, 0], [0, 0], [360, 0]])
    ]
    return [shapely.intersection(t, world) for t in turned if shapely.intersects(t, world)]


def build(source: Path, out: Path) -> Iterator[Path]:
    """Write all coast files; yields their paths.

    Parameters
    ----------
    source : Path
        The unpacked ``package`` folder of world-atlas.
    out : Path
        Folder of the npz files.
    """
    for resolution in ("110m", "50m"):
        shape = land(source / f"land-{resolution}.json")
        yield _save(out / f"lonlat_{resolution}.npz", shape, 1 / DEGREES_PER_UNIT)
        yield _save(out / f"arctic_{resolution}.npz", _arctic(shape), 1.0)
    shape = shapely.intersection(land(source / "land-10m.json"), shapely.box(*EUROPE))
    yield _save(out / "lonlat_10m.npz", shape, 1 / DEGREES_PER_UNIT)


def _arctic(shape: shapely.Geometry) -> shapely.Geometry:
    # A parallel is a circle on this map, so the cut needs many vertices. The two
    # halves of Chukotka meet at 180 degrees; the grid of 1 m makes them meet exactly.
    north = shapely.intersection(shape, shapely.box(-180, ARCTIC_SOUTH, 180, 90))
    polygons = shapely.get_parts(shapely.segmentize(north, 0.5))
    polygons = polygons[shapely.get_dimensions(polygons) == 2]
    metres = shapely.transform(polygons, lambda p: np.column_stack(forward("arctic", *p.T)))
    return shapely.union_all(shapely.make_valid(metres), grid_size=1.0)


def _save(path: Path, shape: shapely.Geometry, factor: float) -> Path:
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, shapely.Polygon)]
    parts.sort(key=lambda p: -p.area)
    rings: list[NDArray] = []
    owner: list[int] = []
    for number, polygon in enumerate(parts):
        # shapely: exterior_cw=False is outline anticlockwise, holes clockwise.
        polygon = shapely.orient_polygons(polygon, exterior_cw=False)
        for linear in (polygon.exterior, *polygon.interiors):
            xy = np.rint(shapely.get_coordinates(linear)[:-1] * factor).astype(np.int64)
            xy = xy[np.any(xy != np.roll(xy, 1, axis=0), axis=1)]
            if len(xy) >= 3:
                rings.append(xy)
                owner.append(number)
    lengths = np.array([len(r) for r in rings])
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    steps = np.diff(np.concatenate(rings), axis=0, prepend=0).astype(np.int32)
    np.savez_compressed(
        path, x=steps[:, 0], y=steps[:, 1], start=start, polygon=np.array(owner, np.int32)
    )
    return path


def main(arguments: list[str]) -> None:
    """Build from the folder given as first argument into assets/coast."""
    out = Path(__file__).parents[2] / "assets" / "coast"
    out.mkdir(parents=True, exist_ok=True)
    for path in build(Path(arguments[0]), out):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
