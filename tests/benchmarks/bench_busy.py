"""Does the page stay quick while two analyses run? Wheel to painted, with and without, in turn.

Both analyses are jobs of the local engine that are paused and resumed between the turns, so
that quiet and busy turns alternate within one run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median

import yaml
from bench_wheel import TURNS, open_page, turn
from playwright.sync_api import sync_playwright
from serving import running
from waiting import until

from sdcviz import jobs
from sdcviz.demo import make_demo
from sdcviz.jobs import State
from sdcviz.settings import get_settings

RECIPE = {
    "recipe": 1,
    "parameter": "temperature",
    "domain": {"box": [-6, 30, 42, 47], "resolution": 0.1},
    "levels": [0, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 800, 1200],
    "time": {"years": [1990, 2025], "months": [[m] for m in range(1, 13)]},
    "lengths": {"horizontal": "150 km", "vertical": "50 m"},
    "epsilon2": 0.5,
    "error": "cpme",
}


def start(folder: Path, collection: Path, number: int) -> str:
    """Submit an analysis that takes some minutes."""
    recipe = folder / f"{number}.yaml"
    recipe.write_text(yaml.safe_dump({**RECIPE, "collection": str(collection)}))
    words = ["divand", str(recipe), "--out", str(folder / f"{number}.nc"), "--workers", "1"]
    return jobs.submit(words).id


def are(ids: list[str], state: State) -> bool:
    """Tell whether all jobs are in a state; none may have ended, or turns would not be busy."""
    states = {jobs.get(id).state for id in ids}
    assert not states & jobs.FINAL, states
    return states == {state}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=len(TURNS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        home = Path(name)
        demo = make_demo(home / "demo")
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        with running(home / "server", [demo]) as server:
            os.environ["SDCVIZ_DATA_DIR"] = str(server.data_dir)
            get_settings.cache_clear()
            page, at = open_page(browser, server.address)
            ids = [start(home, demo, number) for number in (1, 2)]
            until(lambda: are(ids, State.RUNNING))
            found: dict[str, list[float]] = {"quiet": [], "two analyses run": []}
            for i in range(-1, options.turns):
                for what, do, state in (
                    ("quiet", jobs.pause, State.PAUSED),
                    ("two analyses run", jobs.resume, State.RUNNING),
                ):
                    for id in ids:
                        do(id)
                    until(lambda state=state: are(ids, state))
                    seconds = turn(page, at, TURNS[i % len(TURNS)])["painted"]
                    if i >= 0:
                        found[what].append(seconds)
            for id in ids:
                jobs.cancel(id)
            for id in ids:
                jobs.wait(id)
            page.close()
        browser.close()
    print(f"Wheel to painted, ms; load {os.getloadavg()[0]:.1f}\n")
    for what, times in found.items():
        span = f"{min(times):.0f} to {max(times):.0f} in {len(times)} turns"
        print(f"{what:20} {median(times):6.0f}   ({span})")
    ratio = median(found["two analyses run"]) / median(found["quiet"])
    print(f"\nratio {ratio:.2f}; goal 1.3 at most")


if __name__ == "__main__":
    main()
