"""What a command tells the job that runs it: lines of the file that ``SDCVIZ_EVENTS`` names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..errors import StorageError

__all__ = ["is_job", "steps_to", "tell_job"]

_OFTEN, _SELDOM = 0.1, 1.0


def is_job() -> bool:
    """Whether this command is run as a job."""
    return bool(os.environ.get("SDCVIZ_EVENTS"))


def tell_job(event: str, **facts: Any) -> None:
    """Append an event for the job that runs this command; without a job, nothing.

    Raises
    ------
    StorageError
        A result does not fit on the disk; another event is left out then.
    """
    path = os.environ.get("SDCVIZ_EVENTS")
    if not path:
        return
    time_ = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"event": event, "time": time_, **facts}, ensure_ascii=False) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.write(handle, line.encode())  # one call: lines of several processes never mix
        finally:
            os.close(handle)
    except OSError as error:
        if event == "result":
            raise StorageError(
                f"{path}: the result can't be written ({error.strerror}); free some space."
            ) from error


def steps_to(
    shown: Callable[[int, int, str], None] | None,
) -> Callable[[int, int, str], None] | None:
    """Give what shows progress to people, and tells it to the job as well if there is one.

    Ten times a second at first and once a second after a minute: a long job keeps a short file.
    """
    if not is_job():
        return shown
    begun = time.monotonic()
    told = [begun - _SELDOM, -1]

    def tell(done: int, total: int, text: str) -> None:
        moment = time.monotonic()
        pause = _OFTEN if moment - begun < 60 else _SELDOM
        if moment - told[0] >= pause or (done == total and told[1] != done):
            told[:] = moment, done
            tell_job("progress", done=int(done), total=int(total or 0), text=text)
        if shown is not None:
            shown(done, total, text)

    return tell
