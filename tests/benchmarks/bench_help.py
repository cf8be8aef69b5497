"""How long ``sdcviz --help`` takes, beside a Python that does nothing."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import sdcviz": ["-c", "import sdcviz"],
    "import sdcviz.cli": ["-c", "import sdcviz.cli"],
    "sdcviz --help": ["-m", "sdcviz.cli", "--help"],
}


def run(arguments: list[str]) -> tuple[float, float]:
    """Return wall and CPU seconds of a Python started with these arguments."""
    wall, used = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    now = getrusage(RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return time.perf_counter() - wall, cpu


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for i in range(options.repeats + 1):
        for name, arguments in COMMANDS.items():
            times = run(arguments)
            if i:  # the first round brings the files into memory
                found[name].append(times)
    print("| what | s | CPU s |\n|---|---|---|")
    for name, times in found.items():
        print(f"| {name} | {median(t[0] for t in times):.2f} | {median(t[1] for t in times):.2f} |")
    print("\ngoal for sdcviz --help: below 0.5 s")


if __name__ == "__main__":
    main()
