"""A process that analyses time slices one after another, started by `pool`.

``python -m sdcviz.analyses.worker`` reads tasks from its standard input and writes results to
its standard output, each as a length and a pickle. It ends with its input, so that none is
left behind by a driver that was killed.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import sys
import threading
import time
import traceback
from typing import IO, Any

__all__ = ["read_frame", "write_frame"]

_LENGTH = struct.Struct("<q")


def read_frame(stream: IO[bytes]) -> Any:
    """Read one object; EOFError where the stream ends."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)


def write_frame(stream: IO[bytes], what: Any) -> None:
    """Write one object."""
    body = pickle.dumps(what, protocol=5)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def _answer(task: Any) -> tuple[str, Any, float]:
    from ..errors import SdcvizError
    from .slices import analyse_slice

    begun = time.process_time()
    try:
        return "result", analyse_slice(task), time.process_time() - begun
    except SdcvizError as error:
        return "sentence", str(error), 0.0
    except MemoryError:
        return "memory", "", 0.0
    except Exception:
        return "defect", traceback.format_exc(), 0.0


def _receive(tasks: queue.SimpleQueue[Any]) -> None:
    """Take tasks as they come; end the process at once when the driver is gone."""
    while True:
        try:
            tasks.put(read_frame(sys.stdin.buffer))
        except EOFError:
            os._exit(0)


def main() -> None:
    """Work until the input ends."""
    # Whatever a library prints must not get between the results.
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(tasks,), daemon=True).start()
    while True:
        write_frame(results, _answer(tasks.get()))


if __name__ == "__main__":
    main()
