"""Names of a package that are loaded when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(
    package: str, names: Mapping[str, Sequence[str]], modules: Sequence[str] = ()
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Make what a package needs to offer names without loading them.

    Parameters
    ----------
    package : str
        The package, its ``__name__``.
    names : mapping
        The names that it offers, by the module of the package which has them.
    modules : sequence of str, optional
        Modules of the package that it offers as they are.

    Returns
    -------
    list, callable, callable
        Its ``__all__``, ``__getattr__`` and ``__dir__``.
    """
    where = {name: module for module, some in names.items() for name in some}
    offered = sorted([*where, *modules])

    def load(name: str) -> Any:
        if name in where:
            return getattr(import_module(f"{package}.{where[name]}"), name)
        if name in modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def known() -> list[str]:
        return sorted({*vars(import_module(package)), *offered})

    return offered, load, known
