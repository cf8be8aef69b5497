"""Run the benchmarks of this folder: ``make bench``, or some by name as arguments.

Each ``bench_*.py`` is a program of its own that measures the peer and ours in
turn and prints its rows; one after the other, so that none disturbs another.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run the benchmarks whose name holds one of the given words, or all."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    chosen = [file for file in files if not names or any(name in file.stem for name in names)]
    failed = []
    for file in chosen:
        print(f"\n## {file.stem.removeprefix('bench_')}", flush=True)
        if subprocess.run([sys.executable, str(file)]).returncode:
            failed.append(file.stem)
    if failed or not chosen:
        print(f"\nfailed: {', '.join(failed)}" if failed else "no such benchmark", file=sys.stderr)
    return int(bool(failed) or not chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
