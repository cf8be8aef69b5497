"""Everything that one visitor can change, and the way to the data from it.

Views read a `Session` with ``pn.bind(function, session.param.name)`` and write
it with ``session.param.update(...)``. It holds ids and scalars only: data are
opened and filtered once per process and shared by all visitors, read-only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import param

from . import library
from .layouts import current_layout

if TYPE_CHECKING:
    from sdcviz.observations import Collection, Filters, Selection

__all__ = ["COLOURS", "COMPARISONS", "DOTS", "PREVIEWS", "PROJECTIONS", "RANGES", "Session"]

PROJECTIONS = ("mercator", "arctic")
PREVIEWS = ("field", "error", "observations")
RANGES = ("fixed", "depth", "time", "map")
DOTS = ("none", "observations", "residuals", "coverage")
COMPARISONS = ("none", "swipe", "blink", "side", "difference")
COLOURS = ("count", "mean", "year", "data centre", "flag")

_NOTHING = np.empty(0, dtype=np.int64)
_NOTHING.setflags(write=False)

_FILTERS: dict[str, Any] = {
    "depth": None,
    "time": None,
    "months": (),
    "value": None,
    "flags": (),
    "box": None,
    "polygon": None,
    "has": (),
    "cruises": (),
    "platforms": (),
    "data_centres": (),
    "sources": (),
}
"""The parameters of a session that filter, with the value that filters nothing."""


def _several(doc: str) -> param.ClassSelector:
    """Return a parameter for a choice of many: a tuple, empty where all are meant."""
    return param.ClassSelector(class_=tuple, default=(), instantiate=False, doc=doc)


def _maybe(doc: str) -> param.ClassSelector:
    """Return a parameter for a range or a shape: a tuple, or None."""
    return param.ClassSelector(class_=tuple, default=None, instantiate=False, doc=doc)


class Session(param.Parameterized):
    """State of one visitor.

    Examples
    --------
    >>> session = Session()
    >>> session.param.update(depth=(0, 100), months=(6, 7, 8))
    >>> session.filters.months
    (6, 7, 8)
    """

    collection = param.String(default="", doc="Folder of the open collection; empty: none.")
    collection_version = param.Integer(
        default=0, doc="Goes up when the open collection was replaced by a newer snapshot."
    )
    findings_version = param.Integer(
        default=0, doc="Raised when checks were run elsewhere and other findings are kept."
    )
    flags_version = param.Integer(
        default=0, doc="Goes up when flags of the open collection were changed, here or elsewhere."
    )
    explored_flags = param.Integer(
        default=0,
        doc="Follows flags_version while the Explore tab is in view, or once it is again.",
    )
    user = param.String(default="", doc="Name under which changes of flags are written down.")
    reading = param.String(
        default="", doc="Name of the second reading whose flags are shown; empty: the common flags."
    )
    tab = param.String(default="explore", doc="Key of the visible tab.")
    projection = param.Selector(
        default="mercator", objects=list(PROJECTIONS), doc="Projection of the map."
    )
    colour_by = param.Selector(
        default="count", objects=list(COLOURS), doc="What the colours of the map show."
    )
    parameter = param.String(default="", doc="Key of the parameter that is shown and filtered.")
    depth = _maybe("Depth range (metres) of samples, or None.")
    time = _maybe("First and last day (ISO 8601, either may be None) of stations, or None.")
    months = _several("Months of the year (1 to 12); empty: all.")
    value = _maybe("Value range of the parameter, or None.")
    flags = _several("Flags (L20) of samples; empty: all.")
    box = _maybe("West, south, east, north in degrees, or None.")
    polygon = _maybe("Corners (longitude, latitude) of an area, or None.")
    has = _several("Keys of parameters that a station must have.")
    cruises = _several("Cruises of stations; empty: all.")
    platforms = _several("Platforms of stations; empty: all.")
    data_centres = _several("EDMO codes of stations; empty: all.")
    sources = _several("Names of source files; empty: all.")
    extent = _maybe("Part of the map in view: west, south, east, north in degrees, or None.")
    clim = _maybe("Colour range, or None for the range of the data.")
    colormap = param.Parameter(default=None, doc="Name of the colour map, or None: the usual one.")
    selection = param.Array(default=_NOTHING, doc="Rows of the selected stations, ascending.")
    brush = param.Array(
        default=None,
        allow_None=True,
        doc="Rows of those selected stations that stand out in all views, or None: no brush.",
    )
    station = param.Parameter(default=None, doc="Row of the station on the card, or None.")
    handed = param.Parameter(
        default=None, doc="Queue that another tab hands to the Quality tab, or None; see `handing`."
    )
    recipe = param.String(
        default="", doc="Name of the recipe in the form, or ~ and the name of a draft; empty: new."
    )
    shown_time = param.Integer(default=1, doc="Number of the time that the preview shows.")
    shown_level = param.Number(default=0.0, doc="Depth (metres) that the preview shows.")
    preview = param.Selector(
        default="field", objects=list(PREVIEWS), doc="What the map of the recipe shows."
    )
    job = param.String(default="", doc="Identity of the job on the card, or empty.")
    product = param.String(default="", doc="Id of the product on the shelf; empty: none.")
    field = param.String(default="", doc="Variable of the product; empty: the likeliest.")
    derived = param.String(
        default="", doc="What is made of the field: a formula, iso:VALUE, mld; empty: itself."
    )
    error_shown = param.Boolean(default=False, doc="Whether the map shows the error of the field.")
    step = param.Integer(default=0, doc="Time step of the product, from 0.")
    level = param.Parameter(default=None, doc="Depth (metres) on the map; None: the first level.")
    mask = param.String(
        default="", doc="L1, L2 or the greatest relative error variance; empty: no mask."
    )
    field_range = _maybe("Colour range of the field, or None: as `range_by` says.")
    range_by = param.Selector(
        default="fixed", objects=list(RANGES),
        doc="What one range of colours holds for: the product, a depth, a time, or a map.",
    )  # fmt: skip
    field_map = param.String(default="", doc="Name of the field's colour map; empty: the usual.")
    contours = param.Boolean(default=False, doc="Lines of equal value over the field.")
    dots = param.Selector(
        default="observations", objects=list(DOTS), doc="What lies over the field as dots."
    )
    window = param.Tuple(
        default=(0.0, 0.0),
        doc="Half of the window of the dots: metres (0: half way to the next levels), days (0: "
        "the time step).",
    )
    compare = param.Selector(
        default="none", objects=list(COMPARISONS), doc="How the second layer is shown."
    )
    other = param.String(default="", doc="Id of the second product; empty: the first one.")
    other_field = param.String(default="", doc="Its variable; empty: the likeliest.")
    other_step = param.Integer(default=-1, doc="Its time step; -1: the same time.")
    other_derived = param.String(default="", doc="What is made of it; see `derived`.")
    spread = param.Number(
        default=0.0, bounds=(0, None),
        doc="Standard deviation of the background as the visitor gives it; 0: as products tell.",
    )  # fmt: skip
    difference_range = param.Number(
        default=0.0, bounds=(0, None),
        doc="End of the colours of differences to both sides of 0; 0: as `range_by` says.",
    )  # fmt: skip
    swipe = param.Number(
        default=0.5, bounds=(0, 1), doc="Where the second layer begins, as a part of the map."
    )
    field_extent = _maybe(
        "Part of the product in view: west, south, east, north in degrees; None: all of it."
    )
    place = _maybe("Longitude and latitude of the profile, or None.")
    line = _maybe("Corners (longitude, latitude) of the section, or None.")
    area = _maybe("Corners (longitude, latitude) of the area that is summed up, or None.")
    product_line = param.Boolean(
        default=True, doc="Whether the product is drawn into the profiles of the Quality tab."
    )
    around = param.Number(default=50.0, doc="Kilometres around place and line for observations.")
    products_view = param.Selector(
        default="map", objects=["map", "review"], doc="What the Products tab shows."
    )
    review = param.String(default="", doc="Id of the open review; empty: none.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    @param.depends("flags_version", "tab", watch=True)
    def _explore_flags(self) -> None:
        """Have only the tab in view draw again: flags may change every second."""
        if self.tab == "explore":
            self.explored_flags = self.flags_version

    @param.depends("reading", watch=True)
    def _other_flags(self) -> None:
        self.flags_version += 1

    @property
    def data(self) -> Collection | None:
        """The open collection, shared by all visitors; None where none is open."""
        if not self.collection:
            return None
        return library.open_shared(self.collection, self.reading)

    @property
    def filters(self) -> Filters:
        """The filters of this visitor, hashable."""
        from sdcviz.observations import Filters

        by_sample = bool(self.value or self.flags)
        return Filters(
            box=self.box,
            polygon=self.polygon,
            time=self.time,
            months=self.months,
            depth=self.depth,
            # Without a condition on values the parameter is a matter of colour only;
            # left out, all parameters share one result.
            parameter=(self.parameter or None) if by_sample else None,
            value=self.value,
            flags=self.flags,
            parameters=self.has,
            cruises=self.cruises,
            platforms=self.platforms,
            data_centres=self.data_centres,
            sources=self.sources,
        )

    @property
    def filtered(self) -> Selection | None:
        """The stations and samples that pass the filters; shared, read-only."""
        data = self.data
        return None if data is None else library.select_shared(data, self.filters)

    @property
    def filter_names(self) -> tuple[str, ...]:
        """Names of the parameters that filter."""
        return tuple(_FILTERS)

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set."""
        return any(getattr(self, name) != usual for name, usual in _FILTERS.items())

    def open(self, path: str, **state: Any) -> None:
        """Show the collection in folder `path`; what belonged to another one is dropped.

        Parameters
        ----------
        path : str
            Collection folder.
        **state
            Parameters that are set in the same step (as from a link).
        """
        data = library.open_shared(path)
        update: dict[str, Any] = {
            **_FILTERS,
            "collection": str(path),
            "collection_version": self.collection_version + 1,
            "selection": _NOTHING,
            "brush": None,
            "station": None,
            "handed": None,
            "extent": None,
            "clim": None,
            "colormap": None,
            "recipe": "",
            "shown_time": 1,
            "shown_level": 0.0,
            "parameter": _first_parameter(data),
        }
        self.param.update(**update | state)

    def refresh(self) -> None:
        """Show the newest snapshot of the open collection; filters and view stay.

        Row numbers of another snapshot mean other stations, so the selection is dropped.
        """
        self.param.update(
            collection_version=self.collection_version + 1,
            selection=_NOTHING,
            brush=None,
            station=None,
            handed=None,
        )

    def clear_filters(self) -> None:
        """Drop all filters in one step."""
        self.param.update(**_FILTERS)

    def select(self, rows: Any) -> None:
        """Replace the selection by station rows (any order, duplicates allowed)."""
        rows = np.unique(np.asarray(rows, dtype=np.int64))
        rows.setflags(write=False)
        self.param.update(selection=rows, brush=None)


def _first_parameter(data: Collection) -> str:
    """Return the parameter to begin with: the layout's first that is there, else the fullest."""
    keys = [p.key for p in data.parameters]
    for key in current_layout().parameters:
        if key in keys:
            return key
    return max(data.parameters, key=lambda p: p.n_values).key if keys else ""
