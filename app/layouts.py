"""Layouts: which tabs, parameters and colours a group of users sees, from a YAML file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from sdcviz.errors import BadRequest
from sdcviz.settings import get_settings

__all__ = ["Colours", "Layout", "current_layout", "read_layout"]


class Colours(BaseModel):
    """Colours of one parameter; what is None is as usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    map: str | None = None
    range: tuple[float, float] | None = None

    @field_validator("map")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        from sdcviz.plots.colours import colormap

        if name:
            try:
                colormap(name, 2)
            except KeyError:
                raise ValueError(f"there is no colour map {name!r}") from None
        return name

    @field_validator("range")
    @classmethod
    def _rising(cls, limits: tuple[float, float] | None) -> tuple[float, float] | None:
        if limits and not limits[0] < limits[1]:
            raise ValueError("the first number must be below the second")
        return limits


class Layout(BaseModel):
    """One layout, as ``layouts/temperature_salinity.yaml`` explains it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    tabs: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    colours: dict[str, Colours] = {}


def read_layout(name: str) -> Layout:
    """Read a layout.

    Parameters
    ----------
    name : str
        Name of a layout that comes with sdcviz, or path of a YAML file.

    Returns
    -------
    Layout
        Checked.

    Raises
    ------
    BadRequest
        If there is no such file, or something in it is wrong; the sentence says what.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = Path(str(files("sdcviz_layouts").joinpath(f"{name}.yaml")))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        found = (f.name for f in files("sdcviz_layouts").iterdir())
        known = sorted(n[:-5] for n in found if n[-5:] == ".yaml" and n != "checks.yaml")
        raise BadRequest(
            f"There is no layout {name!r}; take one of {', '.join(known)}, or a YAML file's path."
        ) from None
    except yaml.YAMLError as error:
        raise BadRequest(f"{path.name} is no YAML: {' '.join(str(error).split())}") from None
    try:
        return Layout.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadRequest(f"{path.name}, {place}: {first['msg']}.") from None


@lru_cache(maxsize=1)
def current_layout() -> Layout:
    """Return the layout of the settings, read once."""
    return read_layout(get_settings().layout)
