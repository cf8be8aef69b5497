"""sdcviz: ocean observations from raw files to a published product.

Examples
--------
>>> import sdcviz
>>> c = sdcviz.open_collection("my_collection")  # doctest: +SKIP
>>> c.where(box=(3, 40, 9, 44), months=[6, 7, 8]).samples("Temperature")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazily

if TYPE_CHECKING:
    from . import analyses, divand, jobs, plots, products
    from .observations import import_files, open_collection
    from .products import open_product

__version__ = "0.1.0"

# `sdcviz --help` and the wrapper of jobs need none of the rooms.
_rooms, __getattr__, __dir__ = lazily(
    __name__,
    {"observations": ["import_files", "open_collection"], "products": ["open_product"]},
    modules=["analyses", "divand", "jobs", "plots", "products"],
)
__all__ = ["__version__", *_rooms]
