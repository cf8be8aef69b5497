"""Which plot is shown: its kind, what is on its axes, what colours it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import param

if TYPE_CHECKING:
    from sdcviz.observations import Collection, Selection

__all__ = ["KINDS", "Kind", "PlotChoice", "quantities_of"]


@dataclass(frozen=True)
class Kind:
    """One kind of plot.

    Attributes
    ----------
    title : str
        Name on the chooser.
    axes : tuple of str
        Parameters of `PlotChoice` that the plot takes, in the order of its function.
    colours : tuple of str
        What may colour it, the usual one first; empty: nothing to choose.
    any_colour : bool
        Every parameter may colour it too.
    """

    title: str
    axes: tuple[str, ...]
    colours: tuple[str, ...] = ()
    any_colour: bool = False


KINDS: dict[str, Kind] = {
    "profiles": Kind("Profiles", ("x",), ("station", "time", "flag")),
    "ts": Kind(
        "T-S", ("temperature", "salinity"), ("depth", "station", "time", "flag"), any_colour=True
    ),
    "time_series": Kind("Time", ("x",), ("depth", "station", "flag"), any_colour=True),
    "seasonal_cycle": Kind("Season", ("x",)),
    "histogram": Kind("Histogram", ("x",)),
    "scatter": Kind("X-Y", ("x", "y"), ("depth", "station", "time", "flag"), any_colour=True),
}
"""Kinds of plots by the names that `sdcviz.plots.figure` knows them by."""

PLACES = {"Depth": "depth", "Time": "time", "Longitude": "lon", "Latitude": "lat"}


class PlotChoice(param.Parameterized):
    """State of the plot chooser, which the plot and the export share."""

    kind = param.Selector(default="profiles", objects=list(KINDS), doc="Kind of the plot.")
    x = param.String(default="", doc="Key of the parameter, across in X-Y plots.")
    y = param.String(default="", doc="Key of the parameter upwards in X-Y plots.")
    temperature = param.String(default="", doc="Key of the temperature in T-S diagrams.")
    salinity = param.String(default="", doc="Key of the salinity in T-S diagrams.")
    colour_by = param.String(default="", doc="What colours the plot; empty: the usual.")

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of what the plot shows, in the order of its function."""
        return tuple(getattr(self, name) for name in KINDS[self.kind].axes)

    @property
    def colour(self) -> str:
        """What colours the plot: the choice if this kind has it, else the usual."""
        kind = KINDS[self.kind]
        if not kind.colours:
            return ""
        known = self.colour_by in kind.colours or (kind.any_colour and self.colour_by in self._keys)
        return self.colour_by if known else kind.colours[0]

    @property
    def complete(self) -> bool:
        """Whether all axes of the plot have a parameter."""
        return all(self.keys)

    _keys: tuple[str, ...] = ()

    def follow(self, data: Collection, parameter: str) -> dict[str, str]:
        """Take the parameters of a collection; what it does not have is replaced.

        Parameters
        ----------
        data : Collection
            The open collection.
        parameter : str
            Key of the parameter shown on the map.

        Returns
        -------
        dict of str to str
            Title and key of everything that may be on an axis.
        """
        options = quantities_of(data)
        keys = [k for k in options.values() if k not in PLACES.values()]
        self._keys = tuple(keys)
        found = _water(data)
        first = parameter if parameter in keys else (keys[0] if keys else "")
        second = next((k for k in keys if k != first), "depth")
        self.param.update(
            x=first,
            y=self.y if self.y in options.values() else second,
            temperature=self.temperature if self.temperature in keys else found[0],
            salinity=self.salinity if self.salinity in keys else found[1],
        )
        return options

    def draw(self, selection: Selection, brush: Any, hooks: tuple[Callable, ...]) -> Any:
        """Draw the plot of a selection; see `sdcviz.plots`."""
        from sdcviz import plots
        from sdcviz.plots.snippet import FUNCTIONS

        function = getattr(plots, FUNCTIONS[self.kind])
        more: dict[str, Any] = {"brush": brush, "hooks": hooks}
        if self.colour:
            more["colour_by"] = self.colour
        return function(selection, *self.keys, **more)


def quantities_of(data: Collection) -> dict[str, str]:
    """Return title and key of all that may be on an axis: numbers, derived ones, places."""
    from sdcviz.observations import derived

    found = {f"{p.label} [{p.unit}]" if p.unit else p.label: p for p in _numbers(data)}
    for key in derived.available(data):
        info = data.parameter(key)
        found[f"{info.label} [{info.unit}] (computed)"] = info
    return {title: p.key for title, p in found.items()} | PLACES


def _numbers(data: Collection) -> list[Any]:
    """Return the parameters that are numbers; two of one label get their keys added."""
    numbers = [p for p in data.parameters if p.kind == "number"]
    labels = [(p.label, p.unit) for p in numbers]
    from dataclasses import replace

    return [
        replace(p, label=f"{p.label} ({p.key})") if labels.count((p.label, p.unit)) > 1 else p
        for p in numbers
    ]


def _water(data: Collection) -> tuple[str, str]:
    """Return the keys of temperature and salinity, empty where there is none."""
    from sdcviz.vocabularies import quantity

    found: dict[str, str] = {}
    for p in data.parameters:
        known = quantity(p.p01, p.name, "", p.unit, p.p06)
        if known is not None:
            found.setdefault(known.key, p.key)
    return found.get("temperature", ""), found.get("salinity", "")
