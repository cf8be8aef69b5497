"""The one lock of all that reads or writes NetCDF in a process.

The library bears one thread at a time, whichever file it works on: two at once crash the process.
Commands have one thread; a server has many.
"""

from __future__ import annotations

from threading import RLock

__all__ = ["NETCDF"]

NETCDF = RLock()
