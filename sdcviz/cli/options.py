"""The filter options that several commands share, and their spelling."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..errors import BadRequest

if TYPE_CHECKING:
    from pathlib import Path

    from ..observations.filters import Filters

__all__ = ["read_filters", "with_filters"]


def _option(name: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel="Filters")


# In the order of the help; the names are those of `make_filters`.
_OPTIONS: dict[str, Any] = {
    "box": Annotated[
        str | None,
        _option(
            "--box",
            "Area in degrees; west > east crosses the date line.",
            "WEST,SOUTH,EAST,NORTH",
        ),
    ],
    "polygon": Annotated[
        str | None,
        _option("--polygon", "Area with three or more corners.", "'LON,LAT LON,LAT ...'"),
    ],
    "time": Annotated[
        str | None,
        _option(
            "--time",
            "Days, months or years, both ends included: 1990/2000-06, 2005, 2010/.",
            "FROM/TO",
        ),
    ],
    "months": Annotated[
        str | None, _option("--months", "Months of the year: 6,7,8 or 11-2.", "MONTHS")
    ],
    "depth": Annotated[
        str | None, _option("--depth", "Metres, downwards: 0:100, 200: (and below).", "FROM:TO")
    ],
    "parameter": Annotated[
        str | None,
        _option("--parameter", "The parameter that --value and --flags are about.", "KEY"),
    ],
    "value": Annotated[
        str | None, _option("--value", "Values of --parameter: 10:20, 35:, :4.", "FROM:TO")
    ],
    "flags": Annotated[
        str | None, _option("--flags", "SeaDataNet flags (L20) to keep: 1,2.", "FLAGS")
    ],
    "has": Annotated[
        list[str] | None,
        _option("--has", "Stations with this parameter (repeatable).", "KEY"),
    ],
    "cruise": Annotated[
        list[str] | None, _option("--cruise", "Stations of this cruise (repeatable).", "NAME")
    ],
    "platform": Annotated[
        list[str] | None, _option("--platform", "Stations of this platform (repeatable).", "NAME")
    ],
    "data_centre": Annotated[
        list[int] | None,
        _option("--data-centre", "Stations of this data centre (repeatable).", "EDMO"),
    ],
    "source": Annotated[
        list[str] | None,
        _option("--source", "Stations that came from this file (repeatable).", "FILE"),
    ],
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all filter options in the place of its ``filters`` argument.

    Parameters
    ----------
    command : callable
        Takes ``filters`` (a `Filters`) beside its own options.

    Returns
    -------
    callable
        What typer registers: the same command, ``filters`` spelled out as options.
    """

    @functools.wraps(command)
    def spelled(**given: Any) -> None:
        texts = {name: given.pop(name) for name in _OPTIONS}
        command(**given, filters=make_filters(**texts))

    signature = inspect.signature(command)
    # `Filters` is only named here: importing it would load numpy for every --help.
    hints = get_type_hints(command, localns={"Filters": object}, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        p.replace(kind=kind, annotation=hints[name])
        for name, p in signature.parameters.items()
        if name != "filters"
    ] + [
        inspect.Parameter(name, kind, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
    del spelled.__wrapped__  # typer would look through it and miss the options
    spelled.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    spelled.__annotations__ = {p.name: p.annotation for p in parameters}
    return spelled


def make_filters(
    *,
    box: str | None = None,
    polygon: str | None = None,
    time: str | None = None,
    months: str | None = None,
    depth: str | None = None,
    parameter: str | None = None,
    value: str | None = None,
    flags: str | None = None,
    has: list[str] | None = None,
    cruise: list[str] | None = None,
    platform: list[str] | None = None,
    data_centre: list[int] | None = None,
    source: list[str] | None = None,
) -> Filters:
    """Build filters from the texts of the command line (see the help of each option).

    Returns
    -------
    Filters
        The conditions that were given; a text that was not is no condition.

    Raises
    ------
    BadRequest
        If a text can't be read as what its option asks for.
    """
    from ..observations import Filters

    return Filters.of(
        box=_numbers("--box", box) if box else None,
        polygon=[_numbers("--polygon", corner) for corner in polygon.split()] if polygon else None,
        time=_time(time) if time else None,
        months=_months(months) if months else (),
        depth=_range("--depth", depth) if depth else None,
        parameter=parameter,
        value=_range("--value", value) if value else None,
        flags=_words(flags) if flags else (),
        parameters=has,
        cruises=cruise,
        platforms=platform,
        data_centres=data_centre,
        sources=source,
    )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text.strip()) if word]


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise BadRequest(f"{option} {text}: expected numbers with commas between them.") from None


def _range(option: str, text: str) -> list[float | None]:
    """Read ``from:to``; an end that is left out is open."""
    try:
        low, high = (float(end) if end.strip() else None for end in text.split(":"))
    except ValueError:
        raise BadRequest(
            f"{option} {text}: expected FROM:TO, such as 0:100 or 200: (an open end)."
        ) from None
    return [low, high]


def _time(text: str) -> list[str]:
    """Read ``from/to``, or one year, month or day."""
    ends = text.split("/") if "/" in text else [text, text]
    if len(ends) != 2:
        raise BadRequest(f"--time {text}: expected FROM/TO, such as 1990/2000-06.")
    return [end.strip() for end in ends]


def _months(text: str) -> list[int]:
    months: set[int] = set()
    for word in _words(text):
        match = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not (1 <= first <= 12 and 1 <= last <= 12):
            raise BadRequest(f"--months {text}: expected months 1 to 12, such as 6,7,8 or 11-2.")
        months.update((first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1))
    return sorted(months)


def read_filters(selection: Path | None) -> Filters | None:
    """Read the filters that a page wrote into a file; None without one.

    Raises
    ------
    BadRequest
        They can't be read.
    """
    if selection is None:
        return None
    from ..observations.filters import Filters

    try:
        return Filters.from_json(selection.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadRequest(f"{selection}: these are no filters ({error}).") from error
