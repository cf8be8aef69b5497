"""Reviews of products: what they are worth beside observations, and what is wrong in them.

Names are loaded when they are first used.

Examples
--------
>>> from sdcviz import reviews
>>> reviews.review("product.nc", "my_collection", "my_review")  # doctest: +SKIP
>>> reviews.read("my_review")["first"]  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "comment": "opinion",
    "read": "document",
    "review": "run",
    "sign": "opinion",
    "verdict": "opinion",
    "verify": "opinion",
    "write_report": "report",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
