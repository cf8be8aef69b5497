"""Make a notebook that begins where the page stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest

if TYPE_CHECKING:
    from ..observations import Filters

__all__ = ["make_notebook"]

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

_JOBS = """\
from sdcviz import jobs

# Any command of sdcviz runs in the background, beside this notebook; the page shows it too.
job = jobs.submit({arguments}, title={title!r})
job = jobs.wait(job.id)
print(job.state, job.reason)
job.result"""


def make_notebook(
    collection: Path | str,
    filters: Filters | None = None,
    recipe: Path | str | None = None,
    product: Path | str | None = None,
) -> Any:
    """Make a notebook over a collection.

    Parameters
    ----------
    collection : path-like
    filters : Filters, optional
        Selection to begin with.
    recipe : path-like, optional
        Recipe file.
    product : path-like, optional
        Product (NetCDF).

    Returns
    -------
    nbformat.NotebookNode
        Each of its cells runs as it is.

    Raises
    ------
    BadRequest
        Jupyter is not installed.
    """
    try:
        from nbformat import v4
    except ImportError as error:
        raise BadRequest(
            "Notebooks need JupyterLab: pip install 'sdcviz[notebook]' on this machine."
        ) from error
    cells = [
        v4.new_markdown_cell(
            "# Notebook of sdcviz\n\nIt begins with what was open in the page. It is saved in the "
            "folder of its job; *hibernate* ends the kernel and keeps the files."
        )
    ]
    for title, code in _steps(str(collection), filters, recipe, product):
        cells += [v4.new_markdown_cell(f"## {title}"), v4.new_code_cell(code)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same input gives the same file
    return v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})


def _steps(
    collection: str, filters: Filters | None, recipe: Path | str | None, product: Path | str | None
) -> list[tuple[str, str]]:
    from ..plots.snippet import where_lines

    opened = f"import sdcviz\n\ncollection = sdcviz.open_collection({collection!r})\ncollection"
    where = where_lines(filters) if filters is not None else ["selection = collection.where()"]
    chosen = [
        *where,
        'print(f"{selection.n_stations} of {collection.n_stations} stations, "',
        '      f"{selection.n_samples} samples")',
    ]
    steps = [
        ("Collection", opened),
        ("Selection", "\n".join(chosen)),
        ("Stations", "selection.stations.head()"),
        ("Map", "sdcviz.plots.station_map(selection)"),
    ]
    if recipe is not None:
        steps.append(("Recipe", _recipe(str(recipe))))
    if product is not None:
        steps.append(("Product", _product(str(product))))
    info = ["info", collection, "--json"]
    steps.append(("Jobs", _JOBS.format(arguments=info, title="What the collection holds")))
    return steps


def _recipe(recipe: str) -> str:
    return (
        f"recipe = sdcviz.analyses.read_recipe({recipe!r})\n"
        "# A coarse look at one time and level. All of it, as a job:\n"
        f'# jobs.submit(["divand", {recipe!r}, "--out", "product.nc"])\n'
        f"seen = sdcviz.analyses.preview({recipe!r})\n"
        "print(seen.sentence())"
    )


def _product(product: str) -> str:
    return (
        "import xarray as xr\n\n"
        f"product = xr.open_dataset({product!r}, decode_times=False)\n"
        "product"
    )
