"""A process that answers questions about analyses at once: previews, forecasts, fits, weights.

``python -m sdcviz.analyses.answering`` loads what analyses need, then reads questions from its
standard input and writes answers to its standard output, as `worker` does with tasks. It keeps
the observations of the last recipes, so that the next preview of the same box takes a tenth of
a second. It ends with its input.

A question is ``("ask", number, kind, given)`` or ``("stop", number)``; an answer ``(number,
state, value)`` with the states ``part``, ``done``, ``sentence`` (an error for people) and
``defect``. Each question has one last answer, also one that was taken back.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from .worker import read_frame, write_frame

__all__ = ["KINDS", "answer"]

DOTS = 4000
"""Observations that are shown with a preview at most."""
STATIONS = 2000
"""Stations with outliers that are named at most."""
_KEPT = 2
_points: OrderedDict[Any, Any] = OrderedDict()


def answer(kind: str, given: dict[str, Any]) -> Iterator[Any]:
    """Answer one question, in parts where it has some; see `KINDS`."""
    yield from KINDS[kind](given)


def _recipe(given: dict[str, Any]) -> Any:
    from .recipe_file import make_recipe

    return make_recipe(given["recipe"])


def _observations(recipe: Any) -> Any:
    """Return the observations of a recipe, those of the last ones without reading anew."""
    from ..observations import open_collection
    from .select import select

    if recipe.collection is None:
        return None
    opened = open_collection(recipe.collection)
    state = opened.flags_state(recipe.parameter, "@depth", "@time", "@position")
    key = (
        opened.id, opened.snapshot, state, opened.flags_version,
        recipe.parameter, recipe.flags, recipe.domain.box, recipe.levels.span,
    )  # fmt: skip
    if key not in _points:
        _points[key] = select(opened, recipe), opened.parameter(recipe.parameter).unit
        while len(_points) > _KEPT:
            _points.popitem(last=False)
    _points.move_to_end(key)
    return _points[key]


def _slices(recipe: Any, points: Any) -> Any:
    from .periods import time_slices

    years = points.time.astype("datetime64[Y]").astype(int) + 1970
    return time_slices(recipe.time, (int(years.min()), int(years.max())))


def _first(given: dict[str, Any]) -> Iterator[Any]:
    from ..observations import open_collection
    from .first import first_recipe

    collection = open_collection(given["collection"])
    yield first_recipe(collection, given["parameter"], box=given.get("box"))


def _preview(given: dict[str, Any]) -> Iterator[Any]:
    import numpy as np

    from .coarse import look
    from .periods import inside

    recipe = _recipe(given)
    points, unit = _observations(recipe)
    slices = _slices(recipe, points)
    labels = [one.label for one in slices]
    number = min(max(int(given.get("time") or 1), 1), len(labels))
    if not inside(slices[number - 1], points.time).any():
        told = f"There is no observation in {labels[number - 1]}: its field is the background."
        yield {"times": labels, "number": number, "empty": told}
        return
    seen, used = look(recipe, time=number, level=given.get("level"), points=points)
    some = np.arange(len(used))
    if len(used) > DOTS:
        some = np.sort(np.random.default_rng(0).choice(some, DOTS, replace=False))
    yield {
        **seen.document(),
        "unit": unit,
        "times": labels,
        "number": number,
        "dots": tuple(np.asarray(a[some], np.float32) for a in (used.lon, used.lat, used.value)),
        "observations": len(used),
    }


def _forecast(given: dict[str, Any]) -> Iterator[Any]:
    from .forecast import forecast

    recipe = _recipe(given)
    yield asdict(forecast(recipe, _observations(recipe)[0]))


def _outliers(given: dict[str, Any]) -> Iterator[Any]:
    """Name the stations whose observations look like errors, the farthest off first."""
    import numpy as np

    from ..observations import open_collection
    from .forecast import unfitted
    from .grid import coast
    from .outliers import outliers_of
    from .plan import make_plan
    from .select import identities_of

    recipe = _recipe(given)
    points, unit = _observations(recipe)
    plan = make_plan(unfitted(recipe), points, coast)
    found = outliers_of(plan)
    words: dict[str, str] = {}
    for k, off in zip(found.rows.tolist(), found.off, strict=True):
        told = f"{off:+.3g} {unit}".rstrip() + f" at {plan.points.depth[k]:.0f} m"
        words.setdefault(str(plan.points.id[k]), told)
        if len(words) >= STATIONS:
            break
    collection = open_collection(recipe.collection)
    names = identities_of(collection, np.arange(collection.n_stations))
    place = {name: k for k, name in enumerate(words)}
    rows = np.flatnonzero(np.isin(names, list(words))).tolist() if words else []
    rows.sort(key=lambda row: place[str(names[row])])
    yield {
        "sentence": found.sentence(plan.points, unit), "rows": rows,
        "words": [words[str(names[row])] for row in rows], "collection": collection.id,
        "snapshot": collection.snapshot, "parameter": recipe.parameter,
    }  # fmt: skip


def _fit(given: dict[str, Any]) -> Iterator[Any]:
    from .parameters import fit_lengths

    recipe = _recipe(given)
    points = _observations(recipe)[0]
    fit = fit_lengths(recipe, given["name"], time=given.get("time"), points=points)
    names = ("distance", "covariance", "fitted", "pairs")
    yield {
        "name": fit.name,
        "time": fit.time,
        "depths": fit.depths,
        "lengths": fit.fits.length,
        "raw": fit.fits.raw,
        "limits": fit.limits,
        "levels": [
            {
                **{n: getattr(one, n) for n in names},
                "length": one.length, "quality": one.quality, "epsilon2": one.epsilon2,
                "variance": one.variance, "message": one.message, "bins": one.fitted_bins,
            }
            for one in fit.fits.fits
        ],
    }  # fmt: skip


def _study(given: dict[str, Any]) -> Iterator[Any]:
    from .study import study

    recipe = _recipe(given)
    points = _observations(recipe)[0]
    for cell in study(
        recipe,
        lengths=given.get("lengths", ()),
        epsilons=given.get("epsilons", ()),
        time=given.get("time"),
        level=given.get("level"),
        points=points,
    ):
        yield {**cell.document(), "lon": cell.lon, "lat": cell.lat, "field": cell.field}


def _picture(given: dict[str, Any]) -> Iterator[Any]:
    """Read one level of one time of a product."""
    import numpy as np

    from ..formats.netcdf_file import netcdf_file

    with netcdf_file(given["product"]) as file:
        wanted = ("lon", "lat")
        fields = [v for v in file.variables.values() if v.dimensions[-2:] == ("lat", "lon")]
        field = next(v for v in fields if not v.name.endswith(("_L1", "_L2", "_relerr")))
        error = file.variables.get(f"{field.name}_relerr")
        times = len(file.dimensions["time"])
        number = min(max(int(given.get("time") or 1), 1), times)
        depths = np.asarray(file["depth"][:]) if "depth" in file.variables else np.empty(0)
        level = int(np.argmin(np.abs(depths - (given.get("level") or 0)))) if len(depths) else 0
        place = (number - 1, level) if field.ndim == 4 else (number - 1,)
        lon, lat = (np.asarray(file[name][:], float) for name in wanted)
        shown = np.ma.filled(np.ma.asarray(field[place]).astype(float), np.nan)
        missing = np.full(shown.shape, np.nan)
        wrong = missing if error is None else np.ma.filled(error[place].astype(float), np.nan)
        yield {
            "lon": lon, "lat": lat, "field": shown.T, "error": wrong.T,
            "depth": float(depths[level]) if len(depths) else None, "number": number,
            "unit": getattr(field, "units", ""), "name": field.name, "count": times,
            "dots": (np.empty(0, np.float32),) * 3, "observations": 0,
        }  # fmt: skip


def _gain(given: dict[str, Any]) -> Iterator[Any]:
    from .behind import behind

    yield behind(**given)


KINDS: dict[str, Callable[[dict[str, Any]], Iterator[Any]]] = {
    "first": _first,
    "preview": _preview,
    "forecast": _forecast,
    "outliers": _outliers,
    "fit": _fit,
    "study": _study,
    "picture": _picture,
    "gain": _gain,
}
"""What can be asked."""


def _reply(number: int, kind: str, given: dict[str, Any], stopped: set[int]) -> Iterator[Any]:
    """Give the answers to a question as frames."""
    from ..errors import SdcvizError

    last: Any = None
    try:
        if number in stopped:
            yield number, "done", None
            return
        for count, part in enumerate(answer(kind, given)):
            if number in stopped:
                break
            if count:
                yield number, "part", last
            last = part
        yield number, "done", last
    except SdcvizError as error:
        yield number, "sentence", str(error)
    except MemoryError:
        yield number, "sentence", "There is not enough memory for this; take a coarser grid."
    except Exception:
        yield number, "defect", traceback.format_exc()


def _receive(questions: queue.SimpleQueue[Any], stopped: set[int]) -> None:
    """Take questions as they come; end the process at once when who asks is gone."""
    while True:
        try:
            asked = read_frame(sys.stdin.buffer)
        except EOFError:
            os._exit(0)
        if asked[0] == "stop":
            stopped.add(asked[1])
        else:
            questions.put(asked[1:])


def _load() -> None:
    """Load what the first preview would otherwise wait for, and compile its loops."""
    import numpy as np

    from .coarse import preview
    from .select import make_points

    axis = np.linspace(0, 1, 40)
    day = np.full(40, np.datetime64("2000-01-15"))
    points = make_points(3 + axis, 39 + axis[::-1], axis * 20, day, axis, cruise=["a", "b"] * 20)
    recipe = {
        "parameter": "t", "domain": {"box": [3, 39, 4, 40], "resolution": 0.1},
        "levels": [0, 10, 20], "lengths": {"horizontal": "40 km", "vertical": "20 m"},
        "epsilon2": 1,
    }  # fmt: skip
    preview(recipe, points=points)


def main() -> None:
    """Answer until the input ends."""
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped: set[int] = set()
    threading.Thread(target=_receive, args=(questions, stopped), daemon=True).start()
    _load()
    while True:
        number, kind, given = questions.get()
        for frame in _reply(number, kind, given, stopped):
            write_frame(answers, frame)
        stopped.discard(number)


if __name__ == "__main__":
    main()
