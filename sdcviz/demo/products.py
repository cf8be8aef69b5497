"""Recipes of the products that come with the demo: two versions of one climatology."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["FEWEST", "LEVELS", "recipes"]

FEWEST = 2000
"""Stations that are enough for a climatology by months."""

LEVELS = (0, 10, 20, 30, 50, 100, 200, 500, 1000)
_MARMARA = ((26.5, 40.2), (30.5, 40.2), (30.5, 41.4), (26.5, 41.4))
_VERSIONS = (
    ("0.9", "_v0.9", "250 km", 2.0, "An earlier version with longer correlation lengths."),
    ("1.0", "", "140 km", 1.0, "Made to try things out."),
)


def recipes(
    collection: Path, resolution: float = 0.5, levels: tuple[float, ...] = LEVELS
) -> dict[str, dict[str, Any]]:
    """Return the recipe of each product by its file name, the newest version last.

    Parameters
    ----------
    collection : Path
        The synthetic collection.
    resolution : float
        Grid step (degrees).
    levels : tuple of float
        Depths (metres). Each one is analysed on its own, which takes a tenth of the time.

    Returns
    -------
    dict of str to dict
        As `sdcviz.analyses.run` takes them.
    """
    stem = f"{collection.name}_temperature"
    return {
        f"{stem}{end}.nc": {
            "recipe": 1,
            "collection": str(collection.absolute()),
            "parameter": "temperature",
            "flags": ["1", "2"],
            "domain": {
                "box": [-6, 30, 36.5, 46],
                "resolution": resolution,
                "basin": [5, 40],
                "without": [[list(corner) for corner in _MARMARA]],
            },
            "levels": list(levels),
            "time": {"years": [1991, 2020], "months": "monthly"},
            "lengths": {"horizontal": length, "vertical": "0 m"},
            "epsilon2": epsilon2,
            "background": "profile",
            "clamp": {"min": -2, "max": 35},
            "error": "cpme",
            "metadata": {
                "title": "Demo climatology of temperature, Mediterranean Sea",
                "abstract": f"Synthetic: nothing in it was measured. {abstract}",
                "edmo": [9001],
                "authors": ["Ada Lovelace <ada@example.org>"],
                "project": "Demo of sdcviz",
                "source": "Synthetic observations of the demo collection of sdcviz",
                "areas": ["3_1"],
                "version": version,
            },
        }
        for version, end, length, epsilon2, abstract in _VERSIONS
    }
