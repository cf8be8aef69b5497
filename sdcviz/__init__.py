"""sdcviz: ocean observations from raw files to a published product.

Examples
--------
>>> import sdcviz
>>> c = sdcviz.open_collection("my_collection")  # doctest: +SKIP
>>> c.where(box=(3, 40, 9, 44), months=[6, 7, 8]).samples("Temperature")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "analyses",
    "divand",
    "import_files",
    "jobs",
    "open_collection",
    "open_product",
    "plots",
    "products",
]

if TYPE_CHECKING:
    from . import analyses, divand, jobs, plots, products
    from .observations import import_files, open_collection
    from .products import open_product


def __getattr__(name: str) -> Any:
    """Load the rooms on first use, so that ``sdcviz --help`` stays fast."""
    if name in {"open_collection", "import_files"}:
        from . import observations

        return getattr(observations, name)
    if name == "open_product":
        from . import products

        return products.open_product
    if name in {"analyses", "divand", "jobs", "plots", "products"}:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
