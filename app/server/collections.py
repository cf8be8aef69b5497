"""Endpoints that tell which collections and products this server has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, Field
from pydantic_core import to_json

from sdcviz import jobs
from sdcviz.errors import NotFound, SdcvizError
from sdcviz.jobs.model import Job, State
from sdcviz.settings import Settings

from .. import library
from .places import collection_folders, collection_id
from .recipes import read_text
from .schema import problems
from .who import Principal, Reader

__all__ = ["routes"]

MOST_JOBS = 1000
"""Done jobs whose products are listed."""

Identity = Annotated[str, InPath(pattern="^[0-9a-f-]{8,36}$", description="Id of the collection.")]


class CollectionView(BaseModel):
    """A collection; where it lies is told to nobody."""

    id: str
    name: str
    stations: int
    samples: int
    created: str = Field(description="ISO 8601; of the newest import.")


class CollectionInfo(CollectionView):
    """A collection with all that `sdcviz info --json` tells."""

    about: dict[str, Any]


class ProductView(BaseModel):
    """A product (NetCDF)."""

    id: str
    name: str
    parameter: str | None = Field(description="Null where no recipe lies beside that tells.")
    size: int = Field(description="Bytes.")
    job: str | None = Field(description="The job whose result it is.")


def routes(settings: Settings) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/api", tags=["collections and products"])

    @router.get("/collections", responses=problems())
    def list_collections(who: Reader) -> list[CollectionView]:
        """List the collections of this server."""
        found = [_brief(folder) for folder in collection_folders(settings)]
        return [one for one in found if one is not None]

    @router.get("/collections/{identity}", responses=problems(400, 404, 409))
    def get_collection(identity: Identity, who: Reader) -> CollectionInfo:
        """Tell what a collection holds."""
        folder = next(
            (f for f in collection_folders(settings) if collection_id(f) == identity), None
        )
        brief = None if folder is None else _brief(folder)
        if folder is None or brief is None:
            raise NotFound(f"There is no collection {identity} on this server.")
        about = library.open_shared(str(folder)).info()
        del about["path"]
        return CollectionInfo(**brief.model_dump(), about=_plain(about))

    @router.get("/products", responses=problems())
    def list_products(who: Reader) -> list[ProductView]:
        """List the products: of done jobs, the last one first, then those that were kept."""
        return list(_products(who, settings))

    return router


def _plain(about: dict[str, Any]) -> dict[str, Any]:
    """Return numpy's values as JSON knows them; what is missing is null."""

    def convert(value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else str(value)

    return json.loads(to_json(about, inf_nan_mode="null", fallback=convert))


def _brief(folder: Path) -> CollectionView | None:
    from sdcviz.observations.collection import read_about

    try:
        about = read_about(folder)
        last = about["history"][-1]
        return CollectionView(
            id=about["id"], name=about["name"], stations=last["stations"],
            samples=last["samples"], created=last["created"],
        )  # fmt: skip
    except (SdcvizError, KeyError, IndexError):
        return None


def _products(who: Principal, settings: Settings) -> Iterator[ProductView]:
    owner = None if "admin" in who.scopes else who.name
    for job in jobs.find(owner=owner, states=[State.DONE], limit=MOST_JOBS):
        for path in sorted((job.spec.folder / "work").glob("*.nc")):
            yield from _product(path, job)
    for path in sorted(settings.products_dir.glob("*.nc")):
        yield from _product(path, None)


def _product(path: Path, job: Job | None) -> Iterator[ProductView]:
    if path.is_symlink() or not path.is_file():
        return
    where = f"job {job.id}" if job else "products"
    yield ProductView(
        id=hashlib.sha256(f"{where}/{path.name}".encode()).hexdigest()[:16],
        name=path.name,
        parameter=_parameter(job) if job else None,
        size=path.stat().st_size,
        job=job.id if job else None,
    )


def _parameter(job: Job) -> str | None:
    """Return the parameter of the recipe that a job worked by."""
    if job.spec.arguments[:1] != ("divand",):
        return None
    work = job.spec.folder / "work"
    names = [word for word in job.spec.arguments if word.endswith((".yaml", ".yml"))]
    return _parameter_of(work / names[0]) if names else None


@lru_cache(maxsize=2000)
def _parameter_of(recipe: Path) -> str | None:
    from sdcviz.analyses.recipe_file import parse_recipe

    try:
        return parse_recipe(read_text(recipe), recipe.name).parameter
    except (SdcvizError, RecursionError):
        return None
