"""Products on an OPeNDAP server."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock, RLock
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceUnavailable
from .source import Index, Variable

__all__ = ["DapSource", "is_address"]

_CACHE_BYTES = 256_000_000
_PAUSE = 0.5


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a server."""
    return text.lower().startswith(("http://", "https://", "dods://"))


class DapSource:
    """A data set of an OPeNDAP server.

    A process of its own asks the server and is ended when an answer takes too long; then it
    is tried again. What was read is remembered, and compared with a second answer.

    Parameters
    ----------
    url : str
        Address without ``.dds`` or ``.html``.
    timeout : float, optional
        Seconds for one answer; that of the settings if left out.
    tries : int
        How often something is asked.

    Raises
    ------
    SourceUnavailable
        The server does not answer, or with what is no data.
    """

    remote = True

    def __init__(self, url: str, timeout: float | None = None, tries: int = 3) -> None:
        from ..settings import get_settings

        self._url = url.strip().replace("dods://", "http://", 1)
        self.timeout = timeout or get_settings().opendap_timeout
        self.tries = tries
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        bare = host if parts.port is None else f"{host}:{parts.port}"
        self.path = urlunsplit((parts.scheme, bare, parts.path, parts.query, ""))
        words = [w for w in parts.path.split("/") if w and w != "opendap"]
        self.name = words[-1] if words else host
        self.host = host
        self._process: subprocess.Popen[bytes] | None = None
        self._asking, self._remembering = RLock(), Lock()
        self._slabs: OrderedDict[tuple[Any, ...], NDArray] = OrderedDict()
        told, _ = self._ask({})
        self.attrs: Mapping[str, Any] = _attributes(told["attrs"])
        self.variables: Mapping[str, Variable] = {
            name: Variable(
                name, tuple(v["dims"]), tuple(v["shape"]), np.dtype(v["dtype"]),
                _attributes(v["attrs"]),
            )
            for name, v in told["variables"].items()
        }  # fmt: skip
        self._declared = json.dumps(told, sort_keys=True)

    def read(self, name: str, index: Index) -> NDArray:
        """Read a part of a variable as it is stored; see `Source.read`."""
        shape = self.variables[name].shape
        ranges = [list(s.indices(n)[:2]) for s, n in zip(index, shape, strict=True)]
        key = (name, *map(tuple, ranges))
        with self._remembering:
            if key in self._slabs:
                self._slabs.move_to_end(key)
                return self._slabs[key]
        _, array = self._ask({"name": name, "index": ranges, "verify": True})
        array.flags.writeable = False
        with self._remembering:
            self._slabs[key] = array
            while len(self._slabs) > 1 and self._held() > _CACHE_BYTES:
                self._slabs.popitem(last=False)
        return array

    def _held(self) -> int:
        return sum(a.nbytes for a in self._slabs.values())

    def fingerprint(self) -> str:
        """Return a text that is another one when what the server declares is."""
        return hashlib.sha256((self.path + self._declared).encode()).hexdigest()[:32]

    def check(self) -> None:
        """Do nothing: to ask the server each time would cost a round trip."""

    def close(self) -> None:
        """End the process that asks."""
        with self._asking:
            self._end()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._end()

    # ---- asking ----------------------------------------------------------------
    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], NDArray]:
        why = ""
        with self._asking:
            for attempt in range(self.tries):
                if attempt:
                    time.sleep(_PAUSE * 2 ** (attempt - 1))
                try:
                    told, data = self._once({"url": self._url, **request})
                except TimeoutError:
                    self._end()
                    why = f"no answer within {self.timeout:g} s"
                    continue
                except (OSError, ValueError) as error:
                    self._end()
                    why = f"the connection broke ({type(error).__name__})"
                    continue
                if "error" not in told:
                    return told, data
                why = told["error"]
        raise SourceUnavailable(
            f"{self.path}: the server does not give this product ({why}; tried {self.tries} "
            "times). Try again later, or download the file."
        )

    def _once(self, request: dict[str, Any]) -> tuple[dict[str, Any], NDArray]:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        deadline = time.monotonic() + self.timeout
        handle = process.stdout.fileno()
        head = bytearray()
        while b"\n" not in head:
            head += _some(handle, deadline)
        line, _, data = bytes(head).partition(b"\n")
        told = json.loads(line)
        if "size" not in told:
            return told, np.empty(0)
        pieces = bytearray(data)
        while len(pieces) < told["size"]:
            pieces += _some(handle, deadline)
        array = np.frombuffer(bytes(pieces), np.dtype(told["dtype"]))
        return told, array.reshape(told["shape"]).copy()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sdcviz.products.dap_worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                bufsize=0,
            )  # fmt: skip
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _some(handle: int, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    # Not select(): a server with more than a thousand open files has handles beyond its reach.
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    if not waiting.poll(max(0.0, 1000 * left)):
        raise TimeoutError
    data = os.read(handle, 1 << 20)
    if not data:
        raise OSError("the process ended")
    return data


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            array = np.array(value["values"], np.dtype(value["dtype"]))
            value = array[0] if array.size == 1 else array
        found[name] = value
    return found
