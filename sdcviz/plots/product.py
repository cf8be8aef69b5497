"""A small picture of a product: the map of its first time and level, over the coast."""

from __future__ import annotations

from calendar import month_name
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, NotFound, UnreadableFile
from ..formats.netcdf_file import netcdf_file
from ..storage import written_whole
from .colours import colormap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["product_picture"]

MOST_BYTES = 100_000
"""A mail can carry it."""
_DPI = (110, 80, 60)
_MOST_POINTS = 1000
_PALETTES = {"temp": "thermal", "sal": "haline", "oxy": "oxy", "chl": "algae"}
_NAMES = {"lon": ("lon", "longitude"), "lat": ("lat", "latitude")}


def product_picture(product: Path | str, out: Path | str) -> Path:
    """Draw the first time and level of a product as a small PNG.

    Parameters
    ----------
    product : path-like
        NetCDF file.
    out : path-like
        Picture to write; less than 100 kB.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    NotFound
        There is no such product.
    UnreadableFile
        It is no product, or damaged.
    StorageError
        The picture can't be written.
    """
    product, out = Path(product), Path(out)
    if not product.is_file():
        raise NotFound(f"{product}: there is no such product.")
    if out.suffix.lower() != ".png":
        raise BadRequest(f"A picture can't be written as {out.name!r}: end the name in .png.")
    seen = _read(product)
    data = _drawn(seen)
    with written_whole(out) as part:
        part.write_bytes(data)
    return out


def _drawn(seen: dict[str, Any]) -> bytes:
    """Draw, with fewer dots where the picture would be too large to send."""
    import io

    import matplotlib

    from .figure import LOCK

    data = b""
    for dpi in _DPI:
        with LOCK, matplotlib.rc_context({"font.size": 8, "font.family": "DejaVu Sans"}):
            picture = io.BytesIO()
            _figure(seen).savefig(picture, dpi=dpi, format="png", metadata={"Software": "sdcviz"})
        data = picture.getvalue()
        if len(data) < MOST_BYTES:
            break
    return data


def _read(product: Path) -> dict[str, Any]:
    try:
        with netcdf_file(product) as file:
            variable = _main(file)
            axes = {key: file[_axis(variable, names)] for key, names in _NAMES.items()}
            first = tuple(
                slice(None) if name in {v.name for v in axes.values()} else 0
                for name in variable.dimensions
            )
            values: Any = np.ma.filled(np.ma.asarray(variable[first], float), np.nan)
            where = [
                name for name in variable.dimensions if name in {v.name for v in axes.values()}
            ]
            if where[0] == axes["lon"].name:
                values = values.T
            step = max(1, max(values.shape) // _MOST_POINTS)
            return {
                "values": values[::step, ::step],
                "lon": np.asarray(axes["lon"][:], float)[::step],
                "lat": np.asarray(axes["lat"][:], float)[::step],
                "name": str(getattr(variable, "long_name", variable.name)),
                "unit": str(getattr(variable, "units", "")),
                "standard": f"{getattr(variable, 'standard_name', '')} {variable.name}".lower(),
                "where": _place(file, variable),
            }
    except (OSError, RuntimeError, KeyError, IndexError, StopIteration, ValueError) as error:
        raise UnreadableFile(f"{product}: no product, or a damaged one ({error}).") from error


def _main(file: Any) -> Any:
    """Return the first variable over longitude and latitude: the field itself."""
    on_map = [v for v in file.variables.values() if v.ndim >= 2 and _is_map(v)]
    return max(on_map, key=lambda v: v.ndim)


def _is_map(variable: Any) -> bool:
    return all(set(names) & set(variable.dimensions) for names in _NAMES.values())


def _axis(variable: Any, names: tuple[str, ...]) -> str:
    return next(name for name in variable.dimensions if name in names)


def _place(file: Any, variable: Any) -> str:
    """Say which level and time it is."""
    from netCDF4 import num2date

    told = []
    if "depth" in variable.dimensions and "depth" in file.variables:
        told.append(f"{float(file['depth'][0]):g} m")
    if "time" in variable.dimensions and "time" in file.variables:
        time = file["time"]
        try:
            when: Any = num2date(time[0], time.units, getattr(time, "calendar", "standard"))
            of_all_years = hasattr(time, "climatology")
            told.append(
                month_name[when.month] if of_all_years else f"{when.year:04d}-{when.month:02d}"
            )
        except (AttributeError, ValueError):
            pass
    return ", ".join(told)


def _figure(seen: dict[str, Any]) -> Figure:
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    lon, lat, values = seen["lon"], seen["lat"], seen["values"]
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, (1, 99)) if len(known) else (0.0, 1.0)
    west, east, south, north = _ends(lon) + _ends(lat)
    stretch = 1 / max(np.cos(np.radians((south + north) / 2)), 0.1)
    height = np.clip(6 * (north - south) * stretch / max(east - west, 1e-6), 2, 6)
    made = Figure(figsize=(6, height + 0.8), layout="constrained")
    ax = made.add_subplot()
    ax.set_facecolor("#eef4f8")
    drawn = ax.pcolormesh(
        lon, lat, values, shading="nearest", cmap=ListedColormap(list(_palette(seen["standard"]))),
        vmin=low, vmax=high if high > low else low + 1e-6, rasterized=True,
    )  # fmt: skip
    ax.plot(*_coast(west, east, south, north), color="#39434f", linewidth=0.7)
    ax.set(xlim=(west, east), ylim=(south, north), aspect=stretch)
    ax.set_xlabel("Longitude (°E)")
    ax.set_ylabel("Latitude (°N)")
    where = f": {seen['where']}" if seen["where"] else ""
    ax.set_title(f"{seen['name']}{where}"[:100], fontsize=9)
    bar = made.colorbar(drawn, ax=ax, aspect=30, pad=0.01)
    bar.set_label(seen["unit"])
    return made


def _ends(axis: NDArray[np.float64]) -> tuple[float, float]:
    margin = abs(axis[-1] - axis[0]) / max(len(axis) - 1, 1) / 2 or 0.5
    return float(axis.min() - margin), float(axis.max() + margin)


def _palette(name: str) -> tuple[str, ...]:
    found = next((map_ for word, map_ in _PALETTES.items() if word in name), "viridis")
    return colormap(found)


def _coast(west: float, east: float, south: float, north: float) -> tuple[Any, Any]:
    """Return the shoreline in degrees, also of a grid beyond 180 degrees."""
    from ..geo.coast import coast_lines, resolution_for
    from ..geo.projection import inverse_mercator

    span = (east - west) * 111_320
    x, y = coast_lines("mercator", resolution_for(span, (west, south, east, north)))
    lon, lat = inverse_mercator(np.asarray(x, float), np.asarray(y, float))
    turns = [k for k in (-360, 0, 360) if west < 180 + k and east > -180 + k]
    return np.concatenate([lon + k for k in turns]), np.concatenate([lat] * len(turns))
