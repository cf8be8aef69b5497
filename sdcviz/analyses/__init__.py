"""Analyses: from a collection and a recipe to a gridded product.

Names are loaded when they are first used, so that a command that needs none of them starts at
once.

Examples
--------
>>> from sdcviz import analyses
>>> analyses.run("recipe.yaml", "product.nc")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Points": "model",
    "Recipe": "recipe",
    "SliceResult": "model",
    "analyse_points": "driver",
    "check_layout": "layout",
    "example_recipe": "example",
    "export_julia": "julia_runs",
    "import_julia": "julia_runs",
    "make_points": "select",
    "preview": "coarse",
    "read_recipe": "recipe_file",
    "recipe_schema": "recipe_file",
    "run": "driver",
    "write_recipe": "recipe_file",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
