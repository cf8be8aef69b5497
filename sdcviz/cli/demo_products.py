"""The products of the demo: the library's demo knows recipes, its analyses run them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..demo.products import recipes
from ..errors import SdcvizError
from ..settings import get_settings
from . import show

__all__ = ["make_products"]


def make_products(collection: Path, workers: int | None = None, **of_recipes: Any) -> list[Path]:
    """Make the products of a demo collection that are not there yet.

    What was broken off goes on with its next call. What can't be made is told and left out: the
    collection can be explored without.

    Parameters
    ----------
    collection : Path
        The synthetic collection.
    workers : int, optional
        Processes; as many as there are processors by default.
    **of_recipes
        Passed on to `sdcviz.demo.products.recipes`.

    Returns
    -------
    list of Path
        The products that are there; the newest version last.
    """
    folder = get_settings().products_dir
    there = []
    for name, recipe in recipes(collection, **of_recipes).items():
        out = folder / name
        if not out.is_file():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _make(recipe, out, workers)
            except (SdcvizError, OSError) as error:
                show.note(f"The demo goes without its product {name}: {error}")
                continue
        there.append(out)
    return there


def _make(recipe: Mapping[str, Any], out: Path, workers: int | None) -> None:
    from ..analyses import run

    version = recipe["metadata"]["version"]
    with show.progress_bar() as bar:

        def tell(event: dict[str, Any]) -> None:
            if bar is not None and event["event"] == "progress":
                bar(event["done"], event["total"], f"Climatology {version}: {event['text']}")

        run(recipe, out, tell=tell, workers=workers)
