"""Open what a path or an address names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .product import Product
from .source import NetCDFSource, Source

__all__ = ["open_product", "source_of"]


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
    SourceUnavailable
        The server does not answer.
    """
    return Product(source_of(path), roles)


def source_of(path: Path | str | Sequence[Path | str]) -> Source:
    """Find out what a path names, and open it."""
    return NetCDFSource(str(path))
