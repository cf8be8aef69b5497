"""The one way to open NetCDF in a process, with the one lock of all that reads or writes it.

The library bears one thread at a time, whichever file it works on: two at once crash the process
or give "HDF error". Commands have one thread; a server has many. Also the end of a forgotten
file is work of the library, and the collector of unused objects does it in any thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["NETCDF", "let_go", "netcdf_file", "open_netcdf"]

NETCDF = RLock()

_forgotten: deque[Dataset] = deque()


@contextmanager
def netcdf_file(
    path: Path | str, mode: Literal["r", "w", "a"] = "r", **how: Any
) -> Iterator[Dataset]:
    """Open a NetCDF file; no other thread reads or writes one until it is closed.

    Parameters
    ----------
    path : path-like
    mode : {"r", "w", "a"}, optional
    **how
        For `netCDF4.Dataset`.

    Raises
    ------
    OSError, RuntimeError
        As the library gives them; "NetCDF: HDF error" may be a full disk.
    """
    with NETCDF, open_netcdf(path, mode, **how) as file:
        yield file


def open_netcdf(path: Path | str, mode: Literal["r", "w", "a"] = "r", **how: Any) -> Dataset:
    """Open a NetCDF file that stays open; whoever uses it holds `NETCDF` meanwhile.

    Who may be dropped without closing it gives it to `let_go`.
    """
    from netCDF4 import Dataset

    with NETCDF:
        while _forgotten:
            _forgotten.popleft().close()
        return Dataset(str(path), mode, **how)


def let_go(file: Dataset | None, keep: Callable[[Any], None] = _forgotten.append) -> None:
    """Have a file closed when its turn comes; takes no lock, for ``__del__``.

    Bound beforehand, as an interpreter that ends has emptied its modules.
    """
    if file is not None:
        keep(file)
