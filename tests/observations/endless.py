"""Import for ever into a folder: something to kill. Run as a script.

Prints a line once samples are on disk, and goes on until it is stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from observations.synthetic import batch, sha
from sdcviz.formats.model import Batch
from sdcviz.observations import build_collection, spool


def batches() -> Iterator[Batch]:
    number = 0
    while True:
        yield batch(50, number, first_index=50 * number)
        number += 1
        if number == 20:
            print("importing", flush=True)


if __name__ == "__main__":
    spool.Scratch.__init__.__defaults__ = (10_000,)
    build_collection([("endless", sha("endless"), batches())], sys.argv[1])
