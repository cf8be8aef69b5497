"""The weights behind a value of a product, as a page asks for them: what was prepared is kept."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadRequest, NotFound
from .gain import gain_at
from .record import Record, read_record
from .remade import prepared_slice
from .slices import Prepared

__all__ = ["MOST", "behind"]

MOST = 5000
"""Observations that are listed at most; others weigh next to nothing."""
_KEPT = 2  # times of products
_prepared: OrderedDict[Any, tuple[Record, Prepared]] = OrderedDict()


def behind(
    product: str, variable: str, number: int, lon: float, lat: float, depth: float | None
) -> dict[str, Any]:
    """Weigh the observations behind a value of a product.

    Parameters
    ----------
    product : str
        Path of a product of ``sdcviz divand``.
    variable : str
        Its analysed field.
    number : int
        Time, from 0, as the file counts.
    lon, lat, depth : float
        The level is the nearest one.

    Returns
    -------
    dict
        ``rows``, ``weight`` and ``anomaly`` of the observations that weigh most, the greatest
        first, ``count`` and ``sum`` of all, and what `Gain` tells of the value.
    """
    record, ready = _of(Path(product), number)
    if variable != record.field:
        raise BadRequest(f"In {record.path.name} they are known for {record.field} only.")
    level = int(np.abs(record.depth - (depth or 0)).argmin()) if len(record.depth) else 0
    found = gain_at(record, number, lon, lat, level, ready=ready)
    order = np.argsort(-np.abs(found.weight), kind="stable")[:MOST]
    return {
        **{name: getattr(found, name)[order] for name in ("rows", "weight", "anomaly")},
        **{name: getattr(found, name) for name in ("background", "value", "part", "transformed")},
        "count": len(found.rows),
        "sum": float(found.weight.sum()),
    }


def _of(path: Path, number: int) -> tuple[Record, Prepared]:
    try:
        stamp = path.stat()
    except OSError:
        raise NotFound(f"There is no product {path}.") from None
    key = str(path), stamp.st_mtime_ns, stamp.st_size, number
    if key not in _prepared:
        record = read_record(path)
        _prepared[key] = record, prepared_slice(record, number)
        while len(_prepared) > _KEPT:
            _prepared.popitem(last=False)
    _prepared.move_to_end(key)
    return _prepared[key]
