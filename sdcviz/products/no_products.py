"""What people take for a product though it holds observations."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadRequest, UnreadableFile
from .axis_roles import find_axes
from .source import Source

__all__ = ["refuse_file_of_observations", "refuse_observations"]

_FEATURES = {
    "point": "points", "profile": "profiles", "timeseries": "time series",
    "trajectory": "a trajectory", "timeseriesprofile": "time series of profiles",
    "trajectoryprofile": "profiles along a trajectory",
}  # fmt: skip
_ANY = {"cf_netcdf", "delimited"}
"""Formats that may be of anything."""


def refuse_observations(source: Source) -> None:
    """Refuse a source that says that it holds stations, and has no axes of a grid.

    Raises
    ------
    BadRequest
        Its positions would otherwise be taken for a curvilinear grid.
    """
    told = {k.lower(): str(v).strip().lower() for k, v in source.attrs.items()}
    feature = told.get("featuretype") or told.get("cdm_data_type", "")
    if feature in _FEATURES and not {"lon", "lat"} <= set(find_axes(source, {}).values()):
        raise BadRequest(_sentence(source.name, _FEATURES[feature]))


def refuse_file_of_observations(path: Path) -> None:
    """Refuse a file that could not be opened as a product, if it can be imported.

    Raises
    ------
    BadRequest
        It is of a format of observations, or a collection.
    """
    from ..formats.netcdf_file import NETCDF
    from ..formats.sources import Source as File
    from ..formats.table import recognise

    if (path / "collection.json").is_file():
        raise BadRequest(
            f"{path.name} is a collection of observations: it is opened as such, and "
            "products are laid over it."
        )
    if not path.is_file():
        return
    try:
        with NETCDF:
            format = recognise(File.of(path))
    except (UnreadableFile, OSError):
        return
    if format.name not in _ANY:
        raise BadRequest(_sentence(path.name, format.title))


def _sentence(name: str, what: str) -> str:
    return (
        f"{name} holds observations ({what}), not gridded fields: import it as a collection, by "
        "\"Open files\" in the page or 'sdcviz import'."
    )
