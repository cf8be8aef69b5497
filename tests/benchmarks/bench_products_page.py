"""From a step of a slider to the new map in a real Chromium, and maps a second while playing.

Played are one layer, and two (swipe, side by side, difference) of which the second is another file.

All times are taken inside the page, from the key to the animation frame after the map was
painted. The product is that of ``bench_products.py`` (500 x 300 points, 50 levels, 24 times), or
one that is named; it is looked at as it is opened first, without prepared copies.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import bench_products
import make_stations
from netCDF4 import Dataset
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serving import running

from sdcviz_app.shelf import identity

NAMES = ("product", "second")

_STEP = """
async ([by, key]) => {
  const bus = globalThis.sdcvizField
  const begun = performance.now()
  const painted = new Promise((done, failed) => {
    bus.addEventListener("painted", done, {once: true})
    setTimeout(() => failed(new Error("no map came")), 20000)
  })
  document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}))
  await painted
  await new Promise(requestAnimationFrame)
  await new Promise((done) => setTimeout(done, 0))
  return performance.now() - begun
}
"""
_JUMP = """
async ([step, level]) => {
  const bus = globalThis.sdcvizField
  const begun = performance.now()
  const painted = new Promise((done, failed) => {
    bus.addEventListener("painted", done, {once: true})
    setTimeout(() => failed(new Error("no map came")), 20000)
  })
  bus.dispatchEvent(new CustomEvent("go", {detail: {step, level, playing: false}}))
  await painted
  await new Promise(requestAnimationFrame)
  await new Promise((done) => setTimeout(done, 0))
  return performance.now() - begun
}
"""
_PLAY = """
async (seconds) => {
  const bus = globalThis.sdcvizField, at = []
  const heard = () => at.push(performance.now())
  bus.addEventListener("painted", heard)
  document.dispatchEvent(new KeyboardEvent("keydown", {key: " ", bubbles: true}))
  await new Promise((done) => setTimeout(done, 1000 * seconds))
  document.dispatchEvent(new KeyboardEvent("keydown", {key: " ", bubbles: true}))
  bus.removeEventListener("painted", heard)
  return at
}
"""


def measure(page: Page, steps: int, levels: int, repeats: int) -> dict[str, float]:
    """Return milliseconds of steps and jumps, and maps a second."""
    found: dict[str, list[Any]] = {"month": [], "depth": [], "jump": []}
    page.evaluate(_STEP, [1, "ArrowRight"])
    for _ in range(repeats):
        # Somebody who looks at each map: what comes next was fetched meanwhile.
        page.wait_for_timeout(300)
        found["month"].append(page.evaluate(_STEP, [1, "ArrowRight"]))
        page.wait_for_timeout(300)
        found["depth"].append(page.evaluate(_STEP, [1, "ArrowDown"]))
    for k in range(repeats):
        page.wait_for_timeout(300)
        place = [(7 * k + 3) % steps, (11 * k + levels // 2) % levels]
        found["jump"].append(page.evaluate(_JUMP, place))
    told = {name: median(times) for name, times in found.items()}
    return told | played(page, steps, "one layer")


def played(page: Page, steps: int, what: str) -> dict[str, float]:
    """Return maps a second, as they come and once all are at hand; and what a map costs the page.

    Milliseconds of the page's processor do not depend on what else the machine does.
    """
    told = {}
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(m["value"] for m in found if m["name"] == "TaskDuration")

    page.get_by_label("Speed").select_option("20")
    for name, seconds in (("first time", 0.05 + steps / 20), ("again", 4)):
        begun = busy()
        at = page.evaluate(_PLAY, seconds)
        told[f"{what}, {name}, processor of the page"] = (busy() - begun) / max(len(at), 1)
        rate = 1000 * (len(at) - 1) / (at[-1] - at[0]) if len(at) > 1 else 0.0
        told[f"play {what}, {name}"] = rate
        page.wait_for_timeout(1000 if name == "again" else 3000)
    return told


def opened(page: Page, address: str) -> None:
    """Open a view, and wait until it stands."""
    page.goto(address)
    page.wait_for_function("() => globalThis.sdcvizField?.now")
    page.get_by_label("Speed").wait_for()
    page.wait_for_timeout(4000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--product", type=Path, help="another one than that of bench_products")
    parser.add_argument("--repeats", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        home = Path(folder)
        made = make_stations.collection(home / "c", 20_000)
        shelf = home / "server" / "products"
        shelf.mkdir(parents=True)
        paths = [shelf / f"{name}.nc" for name in NAMES]
        if options.product:
            shutil.copy(options.product, paths[0])
        else:
            shape = bench_products.NT, bench_products.NZ, bench_products.NY, bench_products.NX
            bench_products.make(paths[0], shape)
        shutil.copy(paths[0], paths[1])
        with Dataset(paths[1], "a") as file:
            for variable in (v for v in file.variables.values() if len(v.dimensions) == 4):
                for step in range(variable.shape[0]):
                    variable[step] = variable[step] * 1.02  # what is the same is not compared
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        with running(home / "server", [made]) as server:
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(180_000)
            first, second = (identity(str(shelf / f"{name}.nc")) for name in NAMES)
            look = f"{server.address}?tab=products&dots=none&product={first}"
            opened(page, look)
            sizes = page.evaluate(
                "() => [...performance.getEntriesByType('resource')]"
                ".filter((e) => e.name.includes('frames/map')).map((e) => e.transferSize)"
            )
            steps, levels = (
                int(page.get_by_label(name, exact=True).get_attribute("max") or 0) + 1
                for name in ("Time", "Depth")
            )
            told = measure(page, steps, levels, options.repeats)
            for mode in ("swipe", "side", "difference"):
                opened(page, f"{look}&with={second}&cmp={mode}")
                told |= played(page, steps, mode)
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f}; a map is {median(sizes) / 1e3:.0f} kB\n")
    print("| what | measured | goal |\n|---|---|---|")
    for name in ("month", "depth", "jump"):
        print(f"| {name} to painted, ms | {told[name]:.0f} | 200 |")
    for name in (n for n in told if n.startswith("play")):
        print(f"| {name}, maps/s | {told[name]:.1f} | 10 |")
    for name in (n for n in told if n.endswith("processor of the page")):
        print(f"| {name}, ms a map | {told[name]:.1f} | |")


if __name__ == "__main__":
    main()
