"""A whole review: from a product and a collection to a folder with its documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..errors import BadRequest
from ..storage import storage_errors, written_whole
from ..words import counted
from .collocated import Collocated, collocate, parameter_for
from .cruises import Sources, sources_of
from .document import SCHEMA, now, plain
from .expected import expect
from .strata import Strata, divide

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..observations.filters import Filters
    from ..products.product import Product

__all__ = ["review"]

Progress = Callable[[int, int, str], None]
_STEPS = (
    "Collocating", "Scores", "Cruises and casts", "Checks of the field", "Comparisons",
    "Writing residuals", "Report",
)  # fmt: skip
_INFO = (
    "name", "path", "title", "version", "doi", "product_id", "institution", "box", "depths",
    "times", "climatology", "period",
)  # fmt: skip


def review(
    product: Product | Path | str,
    collection: Collection | Path | str,
    folder: Path | str,
    *,
    variable: str = "",
    parameter: str = "",
    reference: Product | Path | str | None = None,
    previous: Product | Path | str | None = None,
    second: Product | Path | str | None = None,
    areas: Path | str = "grid",
    independent: bool = False,
    filters: Filters | None = None,
    report: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Review a product beside observations and write what came of it.

    Parameters
    ----------
    product : Product or path-like
    collection : Collection or path-like
    folder : path-like
        Gets ``review.json``, ``report.html``, ``residuals.csv`` and ``residuals.npz``. What people
        wrote there about an earlier run (``opinion.json``) stays, its signature not.
    variable, parameter : str
        Field of the product (the likeliest one if empty), and parameter of the collection (what
        the field measures if empty).
    reference, previous : Product or path-like, optional
        A climatology, and an earlier version, to compare with.
    second : Product or path-like, optional
        Salinity of a temperature, or the other way round, for the density.
    areas : path-like
        "grid", or GeoJSON with polygons.
    independent : bool
        Leave out stations that the product lists as its own.
    filters : Filters, optional
        Of the observations; all by default.
    report : bool
        Write ``report.html`` as well.
    progress : callable, optional
        Takes ``(done, total, text)``.

    Returns
    -------
    dict
        The content of ``review.json``.

    Raises
    ------
    BadRequest
        Product and observations can't be compared.
    StorageError
        The folder can't be written.
    """
    from .assembling import assemble

    told = _Steps(progress)
    opened, observed = _open(product), _collection(collection)
    name = opened.named(variable)
    key, warnings = parameter_for(opened, observed, name, parameter)
    _has_values(opened, name)
    if not len(opened.grid(name).times):
        warnings.append(
            "The product has no times: observations of all years and seasons are compared with it."
        )
    told("Collocating")
    samples = collocate(opened, observed, name, key, independent, filters)
    how = expect(opened, name, samples)
    sources = sources_of(samples, observed)
    strata = divide(samples, opened.grid(name).has_depth, areas)
    out = _folder(folder)
    document: dict[str, Any] = {
        "schema": SCHEMA, "made": now(), "software": f"sdcviz {__version__}", "variable": name,
        "parameter": key, "label": observed.parameter(key).label, "unit": opened.unit_of(name),
        "product": {k: v for k, v in opened.info().items() if k in _INFO},
        "collection": {
            "id": observed.id, "name": observed.name, "snapshot": observed.path.name,
        },
        "independent": independent, "filters": _conditions(filters),
        "samples": len(samples), "used": int(samples.used.sum()),
        "left_out": samples.left_out,
        "expected": how, "warnings": warnings,
    }  # fmt: skip
    others = {
        "reference": _open(reference) if reference is not None else None,
        "previous": _open(previous) if previous is not None else None,
        "second": _open(second) if second is not None else None,
    }
    document |= assemble(opened, name, observed, key, samples, sources, strata, others, told)
    document = plain(document)
    told("Writing residuals")
    _write_arrays(out, samples, strata, sources)
    _write_csv(out, samples, observed, sources)
    from .opinion import renew

    told("Report")
    done = renew(out, document, report)
    if progress is not None:
        progress(len(_STEPS), len(_STEPS), "Done")
    return done


def _conditions(filters: Filters | None) -> dict[str, Any] | None:
    return None if filters is None else json.loads(filters.to_json())


class _Steps:
    """Tells which of the steps has begun."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress

    def __call__(self, name: str) -> None:
        if self.progress is not None:
            self.progress(_STEPS.index(name), len(_STEPS), name)


def _open(product: Any) -> Product:
    from ..products import open_product
    from ..products.product import Product

    return product if isinstance(product, Product) else open_product(product)


def _collection(collection: Any) -> Collection:
    from ..observations import open_collection

    return open_collection(collection) if isinstance(collection, str | Path) else collection


def _folder(folder: Path | str) -> Path:
    out = Path(folder)
    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    return out


def _has_values(product: Product, variable: str) -> None:
    field = product.field(variable)
    nt, nz = field.grid.shape[:2]
    for t in range(nt):
        if any(np.isfinite(field.layer(t, z)).any() for z in range(min(nz, 3))):
            return
    raise BadRequest(
        f"{variable} of {product.name} has no value in {counted(nt, 'step')}: nothing to review."
    )


def _write_arrays(out: Path, samples: Collocated, strata: Strata, sources: Sources) -> None:
    f = np.float32
    path = out / "residuals.npz"
    with written_whole(path) as beside, beside.open("wb") as file:
        np.savez(
            file,
            lon=samples.lon.astype(f), lat=samples.lat.astype(f), depth=samples.depth.astype(f),
            time=samples.time, row=samples.row.astype(np.int32), sample=samples.sample,
            observed=samples.observed.astype(f), value=samples.value.astype(f),
            residual=samples.residual.astype(f), expected=samples.expected.astype(f),
            step=samples.step, level=samples.level, layer=strata.layer.astype(np.int8),
            month=strata.month.astype(np.int8), area=strata.area,
            decade=strata.decade.astype(np.int8), cruise=sources.cruise, edmo=sources.centre,
            cruise_names=np.array(sources.cruises), edmo_codes=np.array(sources.centres),
        )  # fmt: skip


def _write_csv(out: Path, samples: Collocated, collection: Collection, sources: Sources) -> None:
    import pandas as pd

    from ..analyses.select import identities_of
    from ..products.residuals import write_residuals

    names = identities_of(collection, sources.stations)
    table = pd.DataFrame({
        "lon": np.round(samples.lon, 6), "lat": np.round(samples.lat, 6),
        "depth": np.round(samples.depth, 3), "time": samples.time,
        "IDs": names[sources.station].astype(object), "values": np.round(samples.observed, 5),
        "residuals": np.round(samples.residual, 5), "exclude": False,
    })  # fmt: skip
    write_residuals(out / "residuals.csv", table)
