"""Analyses: from a collection and a recipe to a gridded product.

Names are loaded when they are first used, so that a command that needs none of them starts at
once.

Examples
--------
>>> from sdcviz import analyses
>>> analyses.run("recipe.yaml", "product.nc")  # doctest: +SKIP
"""

from __future__ import annotations

from ..lazy import lazily

__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "coarse": ["preview"],
        "driver": ["analyse_points", "run"],
        "example": ["example_recipe"],
        "julia_runs": ["export_julia", "import_julia"],
        "layout": ["check_layout"],
        "model": ["Points", "SliceResult"],
        "recipe": ["Recipe"],
        "recipe_file": ["read_recipe", "recipe_schema", "write_recipe"],
        "select": ["make_points"],
    },
)
