"""Open what a path or an address names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadRequest, NotFound, ProductError, UnreadableFile
from .dap import DapSource, is_address
from .no_products import refuse_file_of_observations, refuse_observations
from .product import Product
from .several import SeveralSource
from .source import NetCDFSource, Source
from .zarr_store import ZarrSource, is_zarr

__all__ = ["open_product", "source_of"]

_SUFFIXES = {".nc", ".nc4", ".cdf", ".grd"}


def open_product(
    path: Path | str | Sequence[Path | str], roles: Mapping[str, Any] | None = None
) -> Product:
    """Open a gridded product.

    Parameters
    ----------
    path : path-like, or several
        NetCDF file, Zarr store, folder of files, several files that make one product, or the
        address of an OPeNDAP server.
    roles : mapping, optional
        Corrections of what dimensions and variables are, such as ``{"depth": "lev"}``:
        ``lon``, ``lat``, ``depth``, ``time``, ``fields`` (a list) and ``errors`` (the error's
        variable of each field). `Product.roles` shows what was found.

    Returns
    -------
    Product

    Raises
    ------
    NotFound
        There is no such file.
    UnreadableFile
        It can't be read.
    ProductError
        It has no longitudes and latitudes.
    BadRequest
        It holds observations.
    SourceUnavailable
        The server does not answer.
    """
    try:
        source = source_of(path)
        if not roles:
            refuse_observations(source)
        return Product(source, roles)
    except (NotFound, UnreadableFile, ProductError):
        if isinstance(path, str | Path) and not roles:
            refuse_file_of_observations(Path(path).expanduser())
        raise


def source_of(path: Path | str | Sequence[Path | str]) -> Source:
    """Find out what a path names, and open it."""
    if not isinstance(path, str | Path):
        return _several([Path(p) for p in path], str(path[0]) if path else "")
    if is_address(str(path)):
        return DapSource(str(path))
    found = Path(path).expanduser()
    if is_zarr(found.parent):
        raise BadRequest(f"{found.name} is a part of a Zarr store: open {found.parent} as a whole.")
    if not found.is_dir():
        return NetCDFSource(found)
    if is_zarr(found):
        return ZarrSource(found)
    files = sorted(p for p in found.iterdir() if p.suffix.lower() in _SUFFIXES)
    if not files:
        raise NotFound(f"The folder {found} holds no NetCDF file (.nc), and is no Zarr store.")
    return _several(files, str(found))


def _several(files: Sequence[Path], path: str) -> Source:
    if not files:
        raise BadRequest("Name a product: a file, a folder or an address.")
    if len(files) == 1:
        return source_of(files[0])
    return SeveralSource([NetCDFSource(f) for f in files], path)
