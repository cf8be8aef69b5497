"""The link "Open in Jupyter" of a job, or of a recipe: the tab opens at the click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import BadRequest, SdcvizError

from ... import jobs as following
from ... import notebooks
from ..background import background
from .view import product_of

if TYPE_CHECKING:
    from sdcviz.jobs import Job

__all__ = ["NotebookDoor", "start_over_job", "start_over_recipe"]


class NotebookDoor:
    """Promises the address of the next notebook, and starts it there.

    The tab that the browser has opened says how the notebook stands; the page hears of what went
    wrong only.

    Parameters
    ----------
    tell : callable
        Gets a sentence, empty where all is well; by then there is another address.
    """

    def __init__(self, tell: Callable[[str], Any]) -> None:
        self._tell = tell
        self._next = notebooks.promise()

    @property
    def address(self) -> str:
        """Where the next notebook will be."""
        return notebooks.address_of(self._next)

    def open(self, start: Callable[[str], Any]) -> None:
        """Start a notebook with `start`, which gets its id."""
        id, self._next = self._next, notebooks.promise()

        def then(_: Any, error: Exception | None) -> None:
            sentence = ""
            if error is not None:
                told = isinstance(error, SdcvizError)
                sentence = str(error) if told else "The notebook could not be started."
                notebooks.settle(id, sentence)
            following.wake()
            self._tell(sentence)
            if error is not None and not isinstance(error, SdcvizError):
                raise error

        background(lambda: start(id), then)


def start_over_job(of: str, id: str) -> Job:
    """Start a notebook over an analysis: its collection, recipe and product.

    Parameters
    ----------
    of : str
        The analysis.
    id : str
        The notebook.
    """
    from sdcviz import jobs
    from sdcviz.analyses import shelf

    job = jobs.get(of)
    product = product_of(job)
    if product is None:
        raise BadRequest("The product is no longer there.")
    recipe = shelf.take_out(job.id, "runs")
    return start_over_recipe(recipe, job.spec.title, id, product=product)


def start_over_recipe(
    recipe: Any, title: str, id: str, *, filters: Any = None, product: Path | str = ""
) -> Job:
    """Start a notebook over a recipe and its collection.

    Parameters
    ----------
    recipe : Recipe
    title : str
        For people.
    id : str
        The notebook.
    filters : Filters, optional
        Selection to begin with.
    product : path-like
        What came of the recipe.
    """
    from sdcviz.analyses.recipe_file import write_recipe

    if not recipe.collection:
        raise BadRequest("The recipe names no collection.")
    return notebooks.start(
        recipe.collection, title, filters, recipe=write_recipe(recipe), product=product, id=id
    )
