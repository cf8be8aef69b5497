"""Reviews of products: what they are worth beside observations, and what is wrong in them.

Names are loaded when they are first used.

Examples
--------
>>> from sdcviz import reviews
>>> reviews.review("product.nc", "my_collection", "my_review")  # doctest: +SKIP
>>> reviews.read("my_review")["first"]  # doctest: +SKIP
"""

from __future__ import annotations

from ..lazy import lazily

__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "document": ["read"],
        "opinion": ["comment", "sign", "verdict", "verify"],
        "report": ["write_report"],
        "run": ["review"],
    },
)
